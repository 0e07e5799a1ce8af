package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv("DEMOTE_TEST_TEMP") != "" { // a process that is killed while it has a folder
		path, _, err := TempFolder()
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(path)
		os.Stdout.Close()
		select {}
	}
	os.Exit(m.Run())
}

func TestTemporaryFoldersOfKilledProcessesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	foreign := filepath.Join(dir, "demote-notes")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DEMOTE_TEST_TEMP=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, _ := out.Read(buf)
	theirs := string(buf[:n])

	mine, remove, err := TempFolder()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Errorf("the folder of a living process: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	old := time.Now().Add(-2 * sweepAfter)
	for _, path := range []string{theirs, mine} { // a living process's is left alone however old it is
		if err := os.Chtimes(filepath.Join(path, tempLock), old, old); err != nil {
			t.Fatal(err)
		}
	}
	other, removeOther, err := TempFolder()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(theirs); !os.IsNotExist(err) {
		t.Errorf("the folder of a killed process: %v", err)
	}
	for _, path := range []string{mine, other, foreign} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	remove()
	remove()
	removeOther()
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left are %v", left)
	}
}
