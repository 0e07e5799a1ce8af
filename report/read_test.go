package report

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"example.org/demote/result"
)

func TestReadIsWhatWasWritten(t *testing.T) {
	want := sample(9)
	r := Read(folder(t, map[string]any{result.File: want, journalFile: ""}))
	if len(r.Problems) > 0 || !r.Shown() {
		t.Fatal(r.Problems)
	}
	r.Config, want.Config = nil, nil // numbers are float64 there
	want.Sessions, want.Exports = r.Sessions, r.Exports
	if !reflect.DeepEqual(r.Result, want) {
		t.Errorf("got  %+v\nwant %+v", r.Result, want)
	}
}

func TestDamagedFolders(t *testing.T) {
	whole := string(encoded(t, sample(9)))
	cut := func(before string) string { return whole[:strings.Index(whole, before)] }
	swap := func(old, new string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("the sample has no %s", old)
		}
		return strings.Replace(whole, old, new, 1)
	}
	curve := "step,holder,int8_holders,recorded_score,true_score,cost\n0,\"a,\"\"b\",1,0.92,0.92,1\n1,c,2,,0.9,0\n"
	const holder = "blocks.0/expand"
	for _, c := range []struct {
		name     string
		files    map[string]any
		problems []string // parts of the problems, in their order
		shown    []string // parts of the page besides
		nothing  bool     // nothing of a run is there
	}{
		{"empty folder", nil, []string{"not a run folder of demote"}, nil, true},
		{"empty result", map[string]any{result.File: ""}, []string{"damaged: not a JSON object"}, nil, true},
		{"no JSON", map[string]any{result.File: "import torch"}, []string{"not a JSON object"}, nil, true},
		{"a list", map[string]any{result.File: "[1, 2]"}, []string{"not a JSON object"}, nil, true},
		{"an empty object", map[string]any{result.File: "{}"}, []string{"no schema_version"}, nil, true},
		{"another program's file", map[string]any{result.File: `{"accuracy": 0.9, "list": [[]]}`}, []string{"no schema_version"}, nil, true},
		{"stopped before the first mix", map[string]any{journalFile: "x"}, []string{"result.json is missing: the run was stopped"}, []string{"No chain"}, false},
		{"only the curve", map[string]any{curveFile: curve}, []string{"result.json is missing", "the chain is from curve.csv"}, []string{"a,&#34;b", "0.9"}, false},
		{"only a damaged curve", map[string]any{curveFile: curve + "2,d,x,,,\n"}, []string{"result.json is missing", "curve.csv: damaged in line 4", "the chain is from"}, []string{"a,&#34;b"}, false},
		{"another curve", map[string]any{curveFile: "a,b\n"}, []string{"result.json is missing", "heading"}, nil, true},
		{"cut off in the inputs", map[string]any{result.File: cut("e539a0")}, []string{`in field "inputs": the file ends early`}, []string{"nets/net.onnx", "onnxruntime"}, false},
		{"cut off in the holders", map[string]any{result.File: cut("Conv_output_6")}, []string{`in field "holders": the file ends early`}, []string{holder, "Ranges and grids"}, false},
		{"cut off in the chain", map[string]any{result.File: cut(`"step": 5`)}, []string{`in field "chain"`}, []string{holder, "Accuracy against int8"}, false},
		{"cut off, with its curve", map[string]any{result.File: cut(`"chain"`), curveFile: curve}, []string{"ends early", "the chain is from", "chain names"}, []string{holder}, false},
		{"cut off behind the last field", map[string]any{result.File: strings.TrimSuffix(whole, "}")}, []string{"ends early"}, []string{"one warning"}, false},
		{"garbage in the middle", map[string]any{result.File: swap(`"metric":`, `"metric"; `)}, []string{"damaged at byte"}, []string{holder}, false},
		{"older", map[string]any{result.File: swap(`"schema_version": 2`, `"schema_version": 0`)}, []string{"an older version"}, []string{holder, "target met"}, false},
		{"newer", map[string]any{result.File: swap(`"schema_version": 2`, `"schema_version": 7`)}, []string{"a newer version"}, []string{holder}, false},
		{"a version in words", map[string]any{result.File: swap(`"schema_version": 2`, `"schema_version": "one"`)}, []string{`"schema_version" is damaged: a string`, "no schema_version"}, []string{holder}, false},
		{"a list that is none", map[string]any{result.File: swap(`"chain": [`, `"chain": {"a": [{}]}, "rest": [`)}, []string{`"chain" is not a list`}, []string{holder, "No chain"}, false},
		{"null for a list", map[string]any{result.File: swap(`"chain": [`, `"chain": null, "rest": [`)}, nil, []string{holder, "No chain"}, false},
		{"null for everything", map[string]any{result.File: `{"schema_version": 2, "holders": null, "score": null, "target": null, "config": null, "verified": null}`}, nil, []string{"No result can be read"}, false},
		{"a holder that is a number", map[string]any{result.File: swap(`"holders": [`, `"holders": [7, 8, `)}, []string{`"holders" is damaged: a number`}, []string{holder, "of 9 holders"}, false},
		{"a score that is text", map[string]any{result.File: swap(`"correct": 921`, `"correct": "many"`)}, []string{`"score" is damaged: a string at float.correct`}, []string{holder, "not known"}, false},
		{"a number beyond float64", map[string]any{result.File: swap(`"seconds": 75.25`, `"seconds": 1e999`)}, []string{`"seconds" is damaged`}, []string{holder}, false},
		{"a chain of strangers", map[string]any{result.File: swap(`"holder": "`, `"holder": "stranger`)}, []string{`chain names "stranger`}, []string{holder}, false},
		{"a promotion of strangers", map[string]any{result.File: swap("\"promotion\": [\n    \"", "\"promotion\": [\n    \"stranger")}, []string{`promotion names "stranger`}, []string{holder}, false},
		{"unfinished", map[string]any{result.File: swap(`"finished": true`, `"finished": false`)}, nil, []string{"unfinished", "Best so far", "The same command resumes this run"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, page := made(t, c.files)
			if r.Shown() == c.nothing {
				t.Errorf("shown: %v", r.Shown())
			}
			for i, want := range c.problems {
				if i >= len(r.Problems) || !strings.Contains(r.Problems[i], want) {
					t.Fatalf("problem %d does not say %q: %q", i, want, r.Problems)
				}
			}
			if len(c.problems) == 0 && len(r.Problems) > 0 {
				t.Errorf("problems: %q", r.Problems)
			}
			for _, p := range r.Problems {
				if strings.Contains(p, "\n") || strings.Contains(p, r.Dir) || strings.Contains(p, "Go ") {
					t.Errorf("a problem is worded badly: %q", p)
				}
			}
			for _, want := range c.shown {
				if !strings.Contains(page, want) {
					t.Errorf("the page does not show %q", want)
				}
			}
		})
	}
}

func TestWhatIsNoFolder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "odd", result.File), 0o777); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{file: "it is a file", filepath.Join(dir, "none"): "no such file", filepath.Join(dir, "odd"): "not a regular file"} {
		r := Read(path)
		if len(r.Problems) != 1 || !strings.Contains(r.Problems[0], want) || r.Shown() {
			t.Errorf("%s: %q", path, r.Problems)
		}
		html(t, r)
	}
}

// TestCutOffAnywhere makes a page of a result that ends at many places.
func TestCutOffAnywhere(t *testing.T) {
	whole := encoded(t, sample(5))
	for n := 0; n < len(whole); n += 41 {
		r := &Run{fields: map[string]bool{}}
		r.decode(whole[:n])
		r.check()
		if len(r.Problems) == 0 {
			t.Fatalf("%d of %d bytes are taken for whole", n, len(whole))
		}
		html(t, r)
	}
}

func FuzzResult(f *testing.F) {
	f.Add([]byte(`{"schema_version":2,"holders":[{"name":"a","precision":"int8","low":{"bits":8,"scale":1e-300,"min":-1e308,"max":1e308}}],"chain":[{"step":-1,"holder":"a","int8":-5,"value":1e308,"true_value":-1e308}]}`))
	f.Add(encoded(f, sample(3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		r := &Run{fields: map[string]bool{}}
		r.decode(data)
		r.check()
		page := html(t, r, r)
		for _, part := range svgPart.FindAllString(page, -1) {
			if strings.Contains(part, "NaN,") || strings.Contains(part, `"NaN"`) || strings.Contains(part, "Inf") && !strings.Contains(string(data), "Inf") {
				t.Errorf("a picture has a coordinate that is no number: %.300s", part)
			}
		}
	})
}
