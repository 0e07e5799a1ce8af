package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/demote/mistake"
	"example.org/demote/result"
)

// sections are the parts of one run's page. Data that the folder does not have has no section, or a line that says so.
func (v *view) sections() []*section {
	if !v.Shown() {
		return nil
	}
	all := []*section{v.setup(), v.warnings(), v.searched(), v.scores(), v.proof(), v.holdout(), v.curveSection(), v.stay(), v.network(), v.fronts(), v.savings(),
		v.sensitivity(), v.grids(), v.cost(), v.verification(), v.hints(), v.reproduce()}
	return slices.DeleteFunc(all, func(s *section) bool { return s == nil })
}

func (v *view) section(name, title string) *section {
	return &section{ID: v.ID + "-" + name, Title: title}
}

func (v *view) scores() *section {
	high, low := v.EndNames()
	rows := scoreRows(v.Score, high, low)
	if l := v.Result.Ladder; l != nil && l.Before != nil {
		rows = nil
		for _, n := range v.Result.NamedScores() {
			rows = append(rows, []string{n.Name, valueText(n.Score), count(n.Score.Correct), count(n.Score.Total)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	s := v.section("scores", "Scores")
	s.Paragraphs = append([]string{fmt.Sprintf("%s; on %s. The target is %s.", v.scoreName(), plural(v.Samples, "sample"), v.TargetText())}, v.ladder()...)
	s.Tables = []*table{newTable(s.ID+"-table", "Scores of the networks on the evaluation samples", scoreColumns(), rows)}
	return s
}

func scoreColumns() []column {
	return append(textColumns("network"), numberColumns("score", "correct", "of")...)
}

// scoreRows lists the scores of the networks, whose ends have these names.
func scoreRows(scores result.Scores, high, low string) [][]string {
	var rows [][]string
	for _, n := range []struct {
		name string
		s    *result.Score
	}{{"float", scores.Float}, {high, scores.High}, {low, scores.Low}, {"the mix", scores.Mixed}} {
		if n.s != nil {
			rows = append(rows, []string{n.name, valueText(n.s), count(n.s.Correct), count(n.s.Total)})
		}
	}
	return rows
}

func valueText(s *result.Score) string {
	if s.Value == nil {
		return "infinite"
	}
	return number(*s.Value)
}

func count(n *int) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

func (v *view) curveSection() *section {
	s := v.section("curve", "Accuracy against "+v.LowName())
	if f := v.curve(s.ID, v.points); f != nil {
		s.Figures = append(s.Figures, f)
	}
	if len(v.points) == 0 {
		s.Paragraphs = []string{"No chain was written: the curve is written when a search ends."}
		if len(s.Figures) == 0 {
			return s
		}
		s.Figures[0].Table = v.ID + "-scores-table"
		return s
	}
	rows := make([][]string, 0, len(v.Chain))
	for _, p := range v.points {
		for _, m := range p.Moves {
			to := v.LowName()
			if m.Promoted {
				to = v.HighName()
			}
			answer := ""
			switch {
			case p.Chosen:
				answer = "yes"
			case p.Past:
				answer = "past it"
			}
			rows = append(rows, []string{fmt.Sprint(p.Step), short(m.Name), to, fmt.Sprint(p.Low), maybe(p.Recorded), maybe(p.True), maybe(p.Lost), answer})
		}
	}
	s.Tables = []*table{newTable(s.ID+"-table", "The chain, step by step", slices.Concat(numberColumns("step"), textColumns("holder", "goes to"),
		numberColumns(v.lowHolders(), "recorded score", "true score", "score lost"), textColumns("the answer")), rows)}
	return s
}

func (v *view) network() *section {
	if len(v.Holders) == 0 {
		return nil
	}
	s := v.section("network", "The network")
	s.Figures = []*figure{v.strip(s.ID)}
	s.Paragraphs = append(v.floatWork(), v.unrolled()...)
	if n := len(v.Promotion); n > 0 && n <= longTable {
		s.Paragraphs = append(s.Paragraphs, fmt.Sprintf("At %s stay, the last demoted first:", v.HighName()))
		for _, name := range v.Promotion {
			s.List = append(s.List, short(name))
		}
	}
	s.Tables = []*table{v.holderTable(s.ID + "-table")}
	return s
}

func (v *view) verification() *section {
	s := v.section("verification", "Verification of mixed.onnx")
	f := v.Verified
	if f == nil {
		s.Paragraphs = []string{"The written network has not been checked yet: the check is the last step of a search. `demote verify` repeats it."}
		return s
	}
	if f.Identical {
		s.Paragraphs = []string{"Run in ONNX Runtime's exact session, the file's outputs equal those of the search, bit for bit, on every sample."}
	} else {
		text := "Run in ONNX Runtime's exact session, the file's outputs DIFFER from those of the search"
		if f.FirstDiffering != "" {
			text += ", first in tensor " + short(f.FirstDiffering)
		}
		s.Paragraphs = []string{text + "."}
	}
	if v.inDefault() != "" && f.DefaultValue != nil {
		s.Paragraphs = append(s.Paragraphs, mistake.Text("In a default session (no options set) the same file does not meet the target: run it with the settings of the exact session, or search with --session default."))
	}
	row := func(name string, correct *int, value *float64) []string {
		return []string{name, maybe(value), count(correct), v.against(value)}
	}
	rows := [][]string{row("exact", f.Correct, f.Value), row("default", f.DefaultCorrect, f.DefaultValue)}
	if m := v.Score.Mixed; m != nil {
		rows = append([][]string{row("the search itself", m.Correct, m.Value)}, rows...)
	}
	s.Tables = []*table{newTable(s.ID+"-table", "The mix in the sessions of ONNX Runtime", slices.Concat(textColumns("session"),
		numberColumns("score", "correct"), textColumns("against the target")), rows)}
	rows = nil
	for _, m := range v.Sessions {
		rows = append(rows, []string{fmt.Sprint(m.Low), maybe(scoreValue(m.Exact)), maybe(scoreValue(m.Default)), v.against(scoreValue(m.Default))})
	}
	if rows != nil {
		s.Tables = append(s.Tables, newTable(s.ID+"-sessions", "Mixes that were scored in the default session, as the search asked for them",
			append(numberColumns(v.lowHolders(), "exact session", "default session"), textColumns("default against the target")...), rows))
	}
	if rows = v.exports(); rows != nil {
		s.Tables = append(s.Tables, newTable(s.ID+"-exports", "Exports in other formats", textColumns("format", "files", "equals the search", "grids not held exactly", "warnings"), rows))
	}
	s.Paragraphs = append(s.Paragraphs, "The exact session computes the QDQ operators as they are written. The default session fuses and rewrites quantized operators first, so it may give another score.")
	return s
}

// exports lists the mix in other formats.
func (v *view) exports() [][]string {
	var rows [][]string
	for _, e := range v.Exports {
		equal := "not run"
		if e.Verified != nil && e.Verified.Identical {
			equal = "yes, bit for bit"
		} else if e.Verified != nil {
			equal = "NO"
		}
		rows = append(rows, []string{short(e.Format), short(strings.Join(e.Files, ", ")), equal, fmt.Sprint(len(e.Inexact)), short(joined(e.Warnings))})
	}
	return rows
}

// joined puts a list of warnings into one cell.
func joined(list []result.Warning) string {
	var texts []string
	for _, w := range list {
		texts = append(texts, w.String())
	}
	return strings.Join(texts, "; ")
}

// against compares a score with the target.
func (v *view) against(value *float64) string {
	target := v.targetValue()
	switch {
	case value == nil || target == nil:
		return ""
	case *value == *target:
		return "equal"
	case (*value > *target) != v.Lower():
		return "better"
	}
	return "worse"
}

func (v *view) reproduce() *section {
	s := v.section("reproduce", "How to reproduce")
	if v.Command != "" {
		s.Paragraphs = []string{"The command, in the folder where it was given:"}
		s.Command = strings.ToValidUTF8(v.Command, "\uFFFD")
	}
	var rows [][]string
	for _, name := range sortedKeys(v.Versions) {
		rows = append(rows, []string{short(name), short(v.Versions[name])})
	}
	if rows != nil {
		s.Tables = append(s.Tables, newTable(s.ID+"-versions", "Versions", textColumns("program", "version"), rows))
	}
	rows = nil
	for _, in := range v.Inputs {
		rows = append(rows, []string{short(in.Role), short(in.Path), short(in.SHA256)})
	}
	if rows != nil {
		s.Tables = append(s.Tables, newTable(s.ID+"-inputs", "Files that were read", textColumns("role", "file", "sha256"), rows))
	}
	if rows = v.choices(); rows != nil {
		t := newTable(s.ID+"-config", "Choices, defaults filled in", textColumns("choice", "value"), rows)
		t.Long = true
		s.Tables = append(s.Tables, t)
	}
	if s.Command == "" && s.Tables == nil {
		return nil
	}
	return s
}

// choices lists the settings of the run, without those that are zero or shown elsewhere.
func (v *view) choices() [][]string {
	var rows [][]string
	for _, name := range sortedKeys(v.Config) {
		value := v.Config[name]
		switch value {
		case nil, "", false, 0.0:
			continue
		}
		text, _ := json.Marshal(value)
		shown := strings.Trim(string(text), `"`)
		if plain, ok := value.(string); ok {
			shown = plain
		}
		if n, ok := value.(float64); ok && name == "Time" {
			shown = time.Duration(n).String()
		}
		if name != "Command" && name != "Version" {
			rows = append(rows, []string{short(name), short(shown)})
		}
	}
	return rows
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
