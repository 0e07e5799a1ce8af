package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
	"example.org/demote/report"
)

// filled sets every field that JSON writes to something that is not zero.
func filled(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Tag.Get("json") != "-" {
				filled(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		filled(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf("v"))
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Uint32:
		v.SetUint(1)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	}
}

// TestReportKnowsEveryField holds the report's own declaration of result.json against what a run writes.
func TestReportKnowsEveryField(t *testing.T) {
	var r config.Result
	filled(reflect.ValueOf(&r).Elem())
	written, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(written))
	d.DisallowUnknownFields()
	var read report.Result
	if err := d.Decode(&read); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if json.Unmarshal(written, &want) != nil || json.Unmarshal(again, &got) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read again it is another result\n%s\n%s", again, written)
	}
}

func TestSearchLeavesAReport(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Target = "16bit-0.05"
	cfg.Metric = "agreement"
	mustSearch(t, cfg)
	page := filepath.Join(cfg.Out, report.File)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"target met", "bit for bit", "<figcaption>Score against"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if r := report.Read(cfg.Out); len(r.Problems) > 0 {
		t.Errorf("problems: %q", r.Problems)
	}

	path, notes, err := Report([]string{cfg.Out}, "", false)
	if path != page || len(notes) > 0 || err != nil {
		t.Errorf("%s, %q, %v", path, notes, err)
	}
	nothing, out := t.TempDir(), filepath.Join(t.TempDir(), "both.html")
	path, notes, err = Report([]string{cfg.Out, nothing}, out, false)
	if path != out || len(notes) != 1 || !strings.Contains(notes[0], "not a run folder") || err != nil {
		t.Errorf("%s, %q, %v", path, notes, err)
	}
	for _, c := range []struct {
		name  string
		dirs  []string
		out   string
		force bool
		want  string // part of the error; "" is none
	}{
		{"no folder", nil, "", false, "give one run folder"},
		{"several without --out", []string{cfg.Out, nothing}, "", false, "--out is missing"},
		{"a page that exists", []string{cfg.Out}, out, false, "--force"},
		{"with force", []string{cfg.Out}, out, true, ""},
		{"no run", []string{nothing}, "", false, "not a run folder"},
		{"no runs", []string{nothing, nothing + "none"}, out, true, "so are the others"},
		{"nowhere to write", []string{cfg.Out}, filepath.Join(nothing, "no", "page.html"), false, "cannot write"},
	} {
		_, _, err := Report(c.dirs, c.out, c.force)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if entries, _ := os.ReadDir(nothing); len(entries) > 0 {
		t.Error("something was written into a folder that is no run's")
	}
}

// TestResultTellsOfHoldersAndTrials holds what the report draws beside the chain: the calibration's values, what is
// known of each holder alone, and what the trials cost.
func TestResultTellsOfHoldersAndTrials(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		strategy        string
		alone, distance bool // of every holder
	}{{"rank", true, false}, {"prefix", true, false}, {"gallop", false, true}, {"auto", false, true}} {
		t.Run(c.strategy, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 60)
			cfg.Strategy = c.strategy
			r := mustSearch(t, cfg)
			for _, h := range r.Holders {
				if h.Seen == nil || !(h.Seen.Min < h.Seen.Max) || h.Seen.Max > h.Low.Max+2*float64(h.Low.Scale) {
					t.Errorf("%s: the calibration saw %+v, the grid reaches to %v", h.Name, h.Seen, h.Low.Max)
				}
				if c.alone && (h.Alone == nil || *h.Alone.Total != 60) || c.distance && (h.Distance == nil || !(*h.Distance >= 0)) {
					t.Errorf("%s: alone %v, distance %v", h.Name, h.Alone, h.Distance)
				}
			}
			if r.TrialCosts == nil || len(r.TrialCosts.Judged) != len(r.TrialCosts.Seconds) || len(r.TrialCosts.Judged) < r.Trials/2 {
				t.Fatalf("%d trials, costs %+v", r.Trials, r.TrialCosts)
			}
			for i, judged := range r.TrialCosts.Judged {
				if !(judged > 0 && judged <= 1) || r.TrialCosts.Seconds[i] < 0 {
					t.Errorf("trial %d looked at %v of the samples in %v s", i, judged, r.TrialCosts.Seconds[i])
				}
			}
		})
	}
}
