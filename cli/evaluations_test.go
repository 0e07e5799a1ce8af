package cli

import (
	"strings"
	"testing"

	"example.org/demote/search"
)

// TestTrialsIsEvaluations holds that --trials, the old name of --evaluations, limits a search as that does, and that
// neither help nor completion lists it.
func TestTrialsIsEvaluations(t *testing.T) {
	for _, name := range []string{"--evaluations", "--trials"} {
		in := good(t)
		in.flags["--strategy"], in.flags["--target"] = "demotion", "50%"
		must(t, in.args(name, "2", "--metric", "sqnr")...)
		if r := resultOf(t, in.path("run")); r.Evaluations != 2 || r.Config.Trials != 2 || r.Stop != "trials" {
			t.Errorf("%s 2: %d evaluations, budget %d, stop %q", name, r.Evaluations, r.Config.Trials, r.Stop)
		}
	}
	both := call("search", "--trials", "2", "--evaluations", "3")
	if both.code != 2 || !strings.Contains(both.err, "--evaluations is given twice") {
		t.Errorf("both names: exit code %d, %s", both.code, both.err)
	}
	if help := must(t, "search", "--help").out; !strings.Contains(help, "--evaluations N") || strings.Contains(help, "--trials") {
		t.Errorf("help lists the old name, or not the new one: %s", help)
	}
	if got := must(t, "search", "--tri", completionFlag).out; got != "" {
		t.Errorf("the old name is completed: %q", got)
	}
	if got := must(t, "search", "--ev", completionFlag).out; got != "--evaluations\n" {
		t.Errorf("--ev is completed by %q", got)
	}
}

// TestHelpExplainsChoices holds that help of search says what each strategy, quantization scheme and formula is.
func TestHelpExplainsChoices(t *testing.T) {
	help := strings.Join(strings.Fields(must(t, "search", "--help").out), " ")
	for _, s := range search.Strategies() {
		if !strings.Contains(help, s.Name+" ("+s.Does+")") {
			t.Errorf("help does not say what strategy %s does", s.Name)
		}
	}
	for _, name := range append(gridKinds, formulas...) {
		if !strings.Contains(help, name+" (") {
			t.Errorf("help does not say what %s is", name)
		}
	}
}
