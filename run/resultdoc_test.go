package run

import (
	"reflect"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// TestResultIsDocumented holds that docs/result.md has every field of result.json, each in the part of the page about
// its object.
func TestResultIsDocumented(t *testing.T) {
	page := string(tasktest.ReadFile(t, "../docs/result.md"))
	about := func(heading string) string {
		_, text, found := strings.Cut(page, "\n## "+heading+"\n")
		if !found {
			t.Fatalf("the page has no part %q", heading)
		}
		text, _, _ = strings.Cut(text, "\n## ")
		return text
	}
	parts := map[reflect.Type]string{
		reflect.TypeFor[result.Ladder](): "Ladder", reflect.TypeFor[result.LadderStep](): "Ladder",
		reflect.TypeFor[config.Result](): "The result", reflect.TypeFor[config.Config](): "config", reflect.TypeFor[result.Input](): "inputs",
		reflect.TypeFor[result.Holder](): "holders", reflect.TypeFor[result.RangeScore](): "ranges", reflect.TypeFor[result.Repair](): "repairs", reflect.TypeFor[result.Given](): "repairs", reflect.TypeFor[result.Grid](): "holders", reflect.TypeFor[result.Range](): "holders",
		reflect.TypeFor[result.Target](): "target and score", reflect.TypeFor[result.Scores](): "target and score", reflect.TypeFor[result.Score](): "target and score",
		reflect.TypeFor[result.Saving](): "savings", reflect.TypeFor[result.FloatWork](): "float_work", reflect.TypeFor[result.Budget](): "budget", reflect.TypeFor[result.Front](): "fronts", reflect.TypeFor[result.Step](): "chain", reflect.TypeFor[result.TrialCosts](): "trial_costs",
		reflect.TypeFor[result.Proof](): "proof", reflect.TypeFor[result.ProofLevel](): "proof",
		reflect.TypeFor[result.Verified](): "verified and exports", reflect.TypeFor[result.Export](): "verified and exports", reflect.TypeFor[result.SessionMix](): "sessions", reflect.TypeFor[result.Warning](): "The result", reflect.TypeFor[result.Questions](): "questions",
	}
	seen := map[reflect.Type]bool{}
	var walk func(typ reflect.Type, part string)
	walk = func(typ reflect.Type, part string) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(typ.Elem(), part)
			return
		case reflect.Struct:
		default:
			return
		}
		if own := parts[typ]; own != "" {
			part = own
		}
		if seen[typ] {
			return
		}
		seen[typ] = true
		text := about(part)
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case name == "-" || !f.IsExported():
				continue
			case name == "":
				t.Errorf("%v.%s has no name in JSON", typ, f.Name)
			case !strings.Contains(text, "`"+name+"`"):
				t.Errorf("docs/result.md says nothing of %q (%v.%s) under %q", name, typ, f.Name, part)
			}
			next := part
			if name == "holdout" {
				next = "holdout"
			}
			walk(f.Type, next)
		}
	}
	walk(reflect.TypeFor[config.Result](), "")
	if len(seen) < 18 {
		t.Errorf("%d objects", len(seen))
	}
}
