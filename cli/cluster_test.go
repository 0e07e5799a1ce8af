package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/cluster"
	"example.org/demote/run"
)

// TestCluster makes the credentials of a cluster where the commands look for them if nothing is said, and where a flag
// names them.
func TestCluster(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "settings"))
	for _, folder := range []string{"", filepath.Join(home, "own")} {
		var named []string
		args := []string{"cluster", "init"}
		if folder != "" {
			named, args = []string{"--cluster-folder", folder}, append(args, folder)
		}
		dir := strings.TrimSpace(must(t, args...).out)
		if want := filepath.Join(home, "settings", "demote", "cluster"); folder == "" && dir != want || folder != "" && dir != folder {
			t.Errorf("it is in %s", dir)
		}
		if got := must(t, append([]string{"cluster", "ls"}, named...)...); !strings.Contains(got.out, "nobody has joined yet") {
			t.Errorf("an empty cluster: %s", got.out)
		}
		file := filepath.Join(t.TempDir(), "w1.join")
		if got := must(t, append([]string{"cluster", "join", "w1", "--out", file}, named...)...); got.out != file+"\n" || !strings.Contains(got.err, "there: demote worker --cluster tls://HOST:PORT --join w1.join") {
			t.Errorf("%q, %q", got.out, got.err)
		}
		if _, err := cluster.ReadJoin(file); err != nil {
			t.Error(err)
		}
		if got := must(t, append([]string{"cluster", "ls"}, named...)...); !strings.HasPrefix(got.out, "worker  joined\nw1      2") {
			t.Errorf("%s", got.out)
		}
		var list []cluster.Worker
		if err := json.Unmarshal([]byte(must(t, append([]string{"cluster", "ls", "--json"}, named...)...).out), &list); err != nil || len(list) != 1 || list[0].Name != "w1" {
			t.Errorf("%+v, %v", list, err)
		}
		// A file that is there is not overwritten, and nobody has joined whose file could not be written.
		checkRefused(t, call(append([]string{"cluster", "join", "w2", "--out", file}, named...)...), "is there already")
		checkRefused(t, call(append([]string{"cluster", "revoke", "w2"}, named...)...), `no worker is called "w2"`)
		must(t, append([]string{"cluster", "revoke", "w1"}, named...)...)
		if got := must(t, append([]string{"cluster", "ls", "--json"}, named...)...); strings.TrimSpace(got.out) != "[]" {
			t.Errorf("behind a revocation: %s", got.out)
		}
		checkRefused(t, call(args...), "is not empty")
	}
	t.Setenv("DEMOTE_CLUSTER_FOLDER", filepath.Join(home, "own"))
	t.Chdir(t.TempDir())
	if got := must(t, "cluster", "join", "w3"); got.out != "w3.join\n" {
		t.Errorf("%q", got.out)
	}
	if info, err := os.Stat("w3.join"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestClusterListsWhoWorks asks a server how a search stands, and is told who has joined and does not take part.
func TestClusterListsWhoWorks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	must(t, "cluster", "init", dir)
	t.Setenv("DEMOTE_CLUSTER_FOLDER", dir)
	for _, name := range []string{"gpu1", "gpu2"} {
		must(t, "cluster", "join", name, "--out", filepath.Join(t.TempDir(), name))
	}
	f, err := cluster.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := cluster.Listen(f, "127.0.0.1:0", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	at := "tls://" + b.Address()
	checkRefused(t, call("cluster", "ls", "--cluster", at), "no search runs on this cluster now")
	conn, err := b.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	status := cluster.Status{Run: "out\x1b[2J", Version: "v1", Samples: 1000, Blocks: 50, Leases: 7, Waits: "1 worker more", Workers: []cluster.WorkerStatus{
		{Name: "gpu1", Host: "h", Device: "cuda:0", State: "works", Blocks: 50, Speed: 2.5, Silent: 0.25, Waited: 0.5}}}
	stop, err := cluster.ServeStatus(conn, func() cluster.Status { return status })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	got := must(t, "cluster", "ls", "--cluster", at)
	for _, want := range []string{", demote v1: 1000 samples in 50 blocks, 7 trials leased\n", "it waits for 1 worker more\n",
		"worker  host  device  state  blocks  samples/s  last heard  others wait\n", "gpu1    h     cuda:0  works  50      2.5        0.2 s ago   50 %\n", "not here: gpu2\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in\n%s", want, got.out)
		}
	}
	if strings.Contains(got.out, "\x1b") {
		t.Errorf("a name reaches the terminal as it is: %q", got.out)
	}
	var told cluster.Status
	if err := json.Unmarshal([]byte(must(t, "cluster", "ls", "--cluster", at, "--json").out), &told); err != nil || len(told.Workers) != 1 || told.Leases != 7 {
		t.Errorf("%+v, %v", told, err)
	}
	checkRefused(t, call("cluster", "clean", "--cluster", at), "its files are in use")
	stop()
	if got := must(t, "cluster", "clean", "--cluster", at); got.out != "0 bytes of a killed search were removed\n" {
		t.Errorf("%s", got.out)
	}
	b.Close()
	checkRefused(t, call("cluster", "ls", "--cluster", at), "no search listens there now")
}

// TestClusterCleans removes what a killed process has left below TMPDIR.
func TestClusterCleans(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if got := must(t, "cluster", "clean"); !strings.HasPrefix(got.out, "0 temporary folders") {
		t.Errorf("%s", got.out)
	}
}

// TestClusterMistakes gives command lines that cannot be meant.
func TestClusterMistakes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	must(t, "cluster", "init", dir)
	for line, want := range map[string]string{
		"cluster joni":                                     `no command "joni"; did you mean join? `,
		"cluster init a b":                                 "give one folder: demote cluster init DIR",
		"cluster init a --cluster-folder b":                "the folder is named twice",
		"cluster init " + dir:                              "is not empty",
		"cluster join --cluster-folder " + dir:             "give one name: demote cluster join NAME",
		"cluster join a.b --cluster-folder " + dir:         "give a name of letters",
		"cluster join coordinator --cluster-folder " + dir: "that is not the coordinator's",
		"cluster join w --cluster-folder " + dir + "x":     "holds no credentials of a cluster",
		"cluster ls --cluster 10.0.0.5:4222":               "give the coordinator as tls://HOST:PORT",
		"cluster ls --cluster nats://10.0.0.5:4222":        "nothing is sent without TLS",
		"cluster ls --creds c":                             "--creds is for a --cluster of NATS",
		"cluster ls more":                                  `unexpected argument "more"`,
		"cluster permissions a b":                          "give one name: demote cluster permissions NAME",
		"cluster permissions >":                            `worker ">": give a name of letters`,
		"cluster permissions coordinator":                  "that is not the coordinator's",
		"cluster ls --cluster tls://10.0.0.5:99999":        "ports go from 1 to 65535",
		"cluster join w1 --wrong":                          "unknown flag --wrong; `demote cluster join --help` lists the flags",
		"cluster join w1 --out a --out b":                  "--out is given twice",
		"help search more":                                 "give one command",
		"help cluster joni":                                `no command "joni"`,
	} {
		got := call(strings.Fields(line)...)
		if got.code != run.ExitMistake || !strings.Contains(got.err, want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, %s, want %q", line, got.code, got.err, want)
		}
	}
	if got := must(t, "cluster"); !strings.Contains(got.out, "\n  revoke  ") {
		t.Errorf("%s", got.out)
	}
	if a, b := must(t, "help", "cluster", "join"), must(t, "cluster", "join", "--help"); a.out != b.out || !strings.Contains(a.out, "usage: demote cluster join NAME [flags]") {
		t.Errorf("%s\n%s", a.out, b.out)
	}
	if got := must(t, "cluster", "permissions", "w1"); !strings.Contains(got.out, "publish demote.hello.w1\n") || !strings.HasPrefix(got.out, "coordinator\n") {
		t.Errorf("%s", got.out)
	}
}
