package lint

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"example.org/demote/cli"
)

// checkWorker holds that the words of a command start a worker, and that each of its flags is one.
func checkWorker(t *testing.T, where string, words []string) {
	t.Helper()
	if len(words) < 2 || filepath.Base(words[0]) != "demote" || words[1] != "worker" {
		t.Fatalf("%s starts %q, not a worker", where, words)
	}
	command := cli.App(io.Discard, io.Discard).Command("worker")
	if command == nil {
		t.Fatal("demote has no command worker")
	}
	given := map[string]bool{}
	for _, w := range words[2:] {
		flag, _, _ := strings.Cut(w, "=")
		if name, ok := strings.CutPrefix(flag, "--"); ok {
			given[name] = true
			if !hasFlag(command.Flags, name) {
				t.Errorf("%s: demote worker has no flag %s", where, flag)
			}
		}
	}
	for _, need := range []string{"cluster", "join", "device"} {
		if !given[need] {
			t.Errorf("%s lacks --%s", where, need)
		}
	}
}

// TestSystemdUnit holds that the unit is one, starts a worker, and does not start one again that is not let in.
func TestSystemdUnit(t *testing.T) {
	const name = "deploy/demote-worker@.service"
	section, settings := "", map[string]string{}
	for i, line := range strings.Split(read(t, name), "\n") {
		switch key, value, ok := strings.Cut(line, "="); {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			section = strings.Trim(line, "[]")
		case ok && section != "" && regexp.MustCompile(`^[A-Z][A-Za-z]+$`).MatchString(key) && value != "":
			settings[section+"."+key] = value
		default:
			t.Errorf("%s:%d: %q is no setting", name, i+1, line)
		}
	}
	checkWorker(t, name, strings.Fields(settings["Service.ExecStart"]))
	for key, want := range map[string]string{"Service.Restart": "on-failure", "Service.RestartPreventExitStatus": "2", "Service.CacheDirectoryMode": "0700",
		"Service.CacheDirectory": "demote", "Install.WantedBy": "multi-user.target", "Service.User": "demote"} {
		if settings[key] != want {
			t.Errorf("%s: %s is %q, want %q", name, key, settings[key], want)
		}
	}
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("systemd-analyze is not here: the unit was read by this test alone")
		return
	}
	// The program need not be installed here.
	there := strings.Replace(read(t, name), "/usr/local/bin/demote", "/bin/true", 1)
	unit := filepath.Join(t.TempDir(), "demote-worker@0.service")
	if err := os.WriteFile(unit, []byte(there), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "verify", "--man=no", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze: %v, %s", err, out)
	}
}

// TestSlurmScript holds that a shell reads the script, that Slurm reads its options, which end at the first command,
// and that it starts workers.
func TestSlurmScript(t *testing.T) {
	const name = "deploy/demote-worker.sbatch"
	if out, err := exec.Command("sh", "-n", filepath.Join(root, name)).CombinedOutput(); err != nil {
		t.Errorf("%v, %s", err, out)
	}
	options := []string{"job-name", "nodes", "ntasks-per-node", "gpus-per-task", "cpus-per-task", "time"}
	begun, started := false, false
	for i, line := range strings.Split(read(t, name), "\n") {
		option, ok := strings.CutPrefix(line, "#SBATCH --")
		key, value, _ := strings.Cut(option, "=")
		switch {
		case i == 0 && line != "#!/bin/sh":
			t.Errorf("it begins with %q", line)
		case ok && (begun || value == "" || !slices.Contains(options, key)):
			t.Errorf("%s:%d: %q is no option of sbatch, or stands behind a command, where it is not read", name, i+1, line)
		case line == "" || strings.HasPrefix(line, "#"):
		default:
			begun = true
			words := strings.Fields(line)
			if at := slices.Index(words, "demote"); at >= 0 && slices.Contains(words[:at], "srun") {
				started = true
				checkWorker(t, name, words[at:])
			}
		}
	}
	if !started {
		t.Error("it starts no worker")
	}
}

// TestKubernetesDeployment holds that the file is a Deployment whose parts fit together, and starts workers.
func TestKubernetesDeployment(t *testing.T) {
	const name = "deploy/demote-worker.yaml"
	type labels map[string]string
	type volume struct {
		Name   string
		Secret *struct {
			SecretName  string `yaml:"secretName"`
			DefaultMode int    `yaml:"defaultMode"`
		}
		EmptyDir *struct{} `yaml:"emptyDir"`
	}
	var d struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct {
			Name   string
			Labels labels
		}
		Spec struct {
			Replicas int
			Selector struct {
				MatchLabels labels `yaml:"matchLabels"`
			}
			Template struct {
				Metadata struct{ Labels labels }
				Spec     struct {
					Grace    int  `yaml:"terminationGracePeriodSeconds"`
					Token    bool `yaml:"automountServiceAccountToken"`
					Security struct {
						NonRoot bool `yaml:"runAsNonRoot"`
						User    int  `yaml:"runAsUser"`
						Group   int  `yaml:"fsGroup"`
					} `yaml:"securityContext"`
					Containers []struct {
						Name, Image   string
						Command, Args []string
						Resources     struct{ Limits map[string]int }
						Security      struct {
							Escalation bool `yaml:"allowPrivilegeEscalation"`
							ReadOnly   bool `yaml:"readOnlyRootFilesystem"`
						} `yaml:"securityContext"`
						Mounts []struct {
							Name     string
							Path     string `yaml:"mountPath"`
							ReadOnly bool   `yaml:"readOnly"`
						} `yaml:"volumeMounts"`
					}
					Volumes []volume
				}
			}
		}
	}
	if err := yaml.UnmarshalWithOptions([]byte(read(t, name)), &d, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	pod := d.Spec.Template.Spec
	if d.APIVersion != "apps/v1" || d.Kind != "Deployment" || d.Metadata.Name == "" || d.Spec.Replicas < 1 || len(pod.Containers) != 1 {
		t.Fatalf("%s is no Deployment of one container: %+v", name, d)
	}
	for key, value := range d.Spec.Selector.MatchLabels {
		if d.Spec.Template.Metadata.Labels[key] != value {
			t.Errorf("the selector wants %s=%s, which the pods have not", key, value)
		}
	}
	c := pod.Containers[0]
	checkWorker(t, name, slices.Concat(c.Command, c.Args))
	if !pod.Security.NonRoot || pod.Security.User == 0 || pod.Token || c.Security.Escalation || !c.Security.ReadOnly || c.Resources.Limits["nvidia.com/gpu"] != 1 {
		t.Errorf("a pod may do more than it needs: %+v %+v", pod.Security, c)
	}
	mounted := ""
	for _, m := range c.Mounts {
		i := slices.IndexFunc(pod.Volumes, func(v volume) bool { return v.Name == m.Name })
		if i < 0 {
			t.Errorf("%s mounts %s, which is no volume", name, m.Name)
			continue
		}
		// The group of the pod may read the key, and nobody else.
		if s := pod.Volumes[i].Secret; s != nil && m.ReadOnly && s.DefaultMode == 0o440 && pod.Security.Group != 0 {
			mounted = m.Path
		}
	}
	if mounted == "" || !slices.Contains(c.Args, "--join="+mounted+"/worker.join") {
		t.Errorf("the worker's file is not where --join looks for it: %q, %q", mounted, c.Args)
	}
	program, err := exec.LookPath("kubectl")
	if err != nil {
		t.Log("kubectl is not here: the Deployment was read by this test alone")
		return
	}
	out, err := exec.Command(program, "set", "image", "--local", "-f", filepath.Join(root, name), "worker=another", "-o", "yaml").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "image: another") || !strings.Contains(string(out), "defaultMode: 288\n") {
		t.Errorf("kubectl: %v, %s", err, out)
	}
}
