package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"example.org/demote/run"
)

// TestVersionCommand holds that the versions of the program and of the runtime are told, also without a
// runtime.
func TestVersionCommand(t *testing.T) {
	c := must(t, "version")
	if !strings.HasPrefix(c.out, "demote "+Version+", built for ") || !strings.Contains(c.out, "ONNX Runtime "+run.RuntimeVersion()+", found ") {
		t.Errorf("%s", c.out)
	}
	var a about
	if err := json.Unmarshal([]byte(must(t, "version", "--json").out), &a); err != nil || a.Runtime != run.RuntimeVersion() || a.Library == "" || a.Why != "" {
		t.Errorf("%+v, %v", a, err)
	}
	own := os.Getenv(run.RuntimeEnv)
	t.Setenv(run.RuntimeEnv, own+"-gone")
	if c := must(t, "version"); !strings.Contains(c.out, own+"-gone") || strings.Count(c.out, "\n") != 2 {
		t.Errorf("%s", c.out)
	}
}

// TestHelpOfACommand holds that help X is X --help.
func TestHelpOfACommand(t *testing.T) {
	for _, name := range commandNames(App(nil, nil).Commands) {
		if got, want := must(t, "help", name).out, must(t, name, "--help").out; got != want {
			t.Errorf("help %s:\n%s\nwant\n%s", name, got, want)
		}
	}
	if got, want := must(t, "help").out, must(t, "--help").out; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for args, want := range map[string]string{"serach": "did you mean search?", "search eval": "give one command"} {
		if c := call(append([]string{"help"}, strings.Fields(args)...)...); c.code != run.ExitMistake || !strings.Contains(c.err, want) {
			t.Errorf("help %s: exit code %d, %s", args, c.code, c.err)
		}
	}
}
