package cli

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.org/demote/result"
	"example.org/demote/run"
)

// written puts a file beside the inputs and names it on the command line.
func written(flag, name, text string) func(*testing.T, inputs) []string {
	return func(t *testing.T, in inputs) []string {
		in.write(t, name, []byte(text))
		return []string{flag, in.path(name)}
	}
}

// TestBadWishes gives every kind of bad constraint, cost, share and budget: one line, exit code 2, and no folder.
func TestBadWishes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, in inputs) []string
		texts  []string
	}{
		{"pins that contradict each other", flags("--pin", "a1=int8", "--pin", "op:Relu=int16"), []string{"--pin op:Relu=int16", "--pin a1=int8", `"a1"`, "drop one"}},
		{"pins that a group ties", flags("--pin", "a1=int8", "--pin", "t=int16", "--group", "a1,t"), []string{"--pin t=int16", "--pin a1=int8", "--group a1,t"}},
		{"a pin against the profile", func(t *testing.T, in inputs) []string {
			return append(written("--profile", "p.yaml", "no_int16: [Tanh]\n")(t, in), "--pin", "t=int16")
		}, []string{"--pin t=int16", "p.yaml: no_int16 Tanh (node make t)"}},
		{"a pin of nothing", flags("--pin", "a9=int8"), []string{`"a9"`, "inspect"}},
		{"a glob of nothing", flags("--pin", "/head/**=int8"), []string{`"/head/**"`, "inspect"}},
		{"an operator of nothing", flags("--pin", "op:Softmax=int8"), []string{"--pin op:Softmax=int8", "Conv", "Tanh"}},
		{"a pin without a width", flags("--pin", "a1"), []string{"--pin a1", "NAME=int8"}},
		{"a pin of another width", flags("--pin", "a1=int4"), []string{"--pin a1=int4", `"int4"`, "int16"}},
		{"a pin that is no pattern", flags("--pin", "a[=int8"), []string{`"a["`, "pattern"}},
		{"a group of nothing", flags("--group", "a1,zz*"), []string{"--group a1,zz*", `"zz*"`}},
		{"a group of one", flags("--group", "a1"), []string{"--group a1", "two or more"}},
		{"a group with an empty name", flags("--group", "a1,,t"), []string{"--group a1,,t", "empty"}},
		{"a group with a name of another network", flags("--group", "a1,/blocks/0/Add_output_0"), []string{`"/blocks/0/Add_output_0"`, "inspect"}},
		{"no such profile", flags("--profile", "none.yaml"), []string{"--profile", "none.yaml"}},
		{"a profile with an unknown key", written("--profile", "p.yaml", "no_int16: [Add]\nnever_int16: [Mul]\n"), []string{"p.yaml", "never_int16", "no_int16"}},
		{"a profile that is none", written("--profile", "p.yaml", "{{"), []string{"p.yaml"}},
		{"a profile of another kind", written("--profile", "p.yaml", "no_int16: {Add: 1}\n"), []string{"p.yaml", "no_int16"}},
		{"a profile without a rule", written("--profile", "p.yaml", "name: all\n"), []string{"p.yaml", "no rule"}},
		{"a profile with an empty operator", written("--profile", "p.yaml", "follow: ['']\n"), []string{"p.yaml", "follow", "operator"}},
		{"a profile with a bad pin", written("--profile", "p.yaml", "pin: [a1]\n"), []string{"p.yaml: pin a1", "int16"}},
		{"a profile with a pin of nothing", written("--profile", "p.yaml", "pin: [zz=int8]\n"), []string{"p.yaml: pin zz=int8", `"zz"`}},
		{"unknown cost", flags("--cost", "energy"), []string{"--cost energy", "bops", "csv"}},
		{"no such costs", flags("--cost", "none.csv"), []string{"--cost", "none.csv"}},
		{"costs that lack a holder", written("--cost", "c.csv", "name,cost\na1,1\n"), []string{"c.csv", `"x"`, "no line"}},
		{"costs of another network", written("--cost", "c.csv", "zz,1\n"), []string{"c.csv", "line 1", `"zz"`}},
		{"a share and a target", flags("--int16-share", "20%"), []string{"--target", "--int16-share"}},
		{"a share that is none", share("20"), []string{"--int16-share 20", "20%"}},
		{"a share above all", share("101%"), []string{"--int16-share 101%"}},
		{"a share that pins exceed", func(t *testing.T, in inputs) []string { return append(share("10%")(t, in), "--pin", "*=int16") }, []string{"held at int16", "share"}},
		{"a share with a strategy", func(t *testing.T, in inputs) []string { return append(share("20%")(t, in), "--strategy", "rank") }, []string{"--strategy rank", "--int16-share"}},
		{"a share with a start", func(t *testing.T, in inputs) []string { return append(share("20%")(t, in), "--start", "p.txt") }, []string{"--start", "--int16-share"}},
		{"a budget of no evaluation", flags("--evaluations", "0"), []string{"--evaluations 0", "at least 1"}},
		{"a budget of no time", flags("--time", "0s"), []string{"--time 0s", "10m"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			checkUntouched(t, in, c.change(t, in), c.texts...)
		})
	}
}

// share is --int16-share in place of what the usual command line wants.
func share(text string) func(*testing.T, inputs) []string {
	return func(_ *testing.T, in inputs) []string {
		in.flags["--target"], in.flags["--strategy"] = "-", "-"
		return []string{"--int16-share", text}
	}
}

// precisions are the widths of a result by holder.
func precisions(r *run.Result) map[string]string {
	m := map[string]string{}
	for _, h := range r.Holders {
		m[h.Name] = h.Precision
	}
	return m
}

// TestConstraints searches under pins, groups and profiles: what is held stays, what is tied moves together, by every
// strategy.
func TestConstraints(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, strategy := range run.Strategies() {
		in := good(t)
		in.flags["--strategy"], in.flags["--target"] = strategy, "40%"
		in.write(t, "p.yaml", []byte("name: test\nno_int16: [Tan?]\nshare_width: [Mul]\npin: ['op:input=int16', 'op:Softmax=int8']\n"))
		got := must(t, in.args("--profile", in.path("p.yaml"), "--pin", "c?=int16", "--group", "t,m{1,2}", "--metric", "sqnr")...)
		r := resultOf(t, in.path("run"))
		p := precisions(r)
		if p["x"] != "int16" || p["c1"] != "int16" || p["t"] != "int8" || p["m1"] != "int8" || p["a1"] != p["s1"] {
			t.Errorf("%s: %v", strategy, p)
		}
		if !strings.Contains(got.err, "2 activations are held at int8, 2 at int16; the other 2 move as 1 units") {
			t.Errorf("%s: standard error lacks the units: %s", strategy, got.err)
		}
		for _, h := range r.Holders {
			if want := h.Name != "a1" && h.Name != "s1"; h.Pinned != want {
				t.Errorf("%s: %s pinned: %v", strategy, h.Name, h.Pinned)
			}
		}
		must(t, "verify", in.path("run"))
	}
}

// TestPinsDecide holds everything at one width: the whole network at int8 cannot meet a target above its score, and
// at int16 it is the answer.
func TestPinsDecide(t *testing.T) {
	in := good(t)
	in.flags["--target"] = "16bit-0.0001"
	c := call(in.args("--pin", "**=int16")...)
	r := resultOf(t, in.path("run"))
	if c.code != 0 || len(r.Promotion) != len(r.Holders) || *r.Score.Mixed.Correct != *r.Score.High.Correct {
		t.Errorf("all pinned to int16: exit code %d, %d of %d at int16", c.code, len(r.Promotion), len(r.Holders))
	}
	in.flags["--out"], in.flags["--target"] = in.path("low"), "1"
	if c = call(in.args("--pin", "**=int8")...); c.code != 3 || !strings.Contains(c.err, "nothing in int8 but what is held there") || !strings.Contains(c.out, "are held at int8") {
		t.Errorf("all pinned to int8: exit code %d, %s%s", c.code, c.out, c.err)
	}
	if r = resultOf(t, in.path("low")); len(r.Promotion) != 0 || *r.Score.Mixed.Correct != *r.Score.Low.Correct {
		t.Errorf("all pinned to int8: promotion %q, score %v", r.Promotion, *r.Score.Mixed.Value)
	}
}

// TestStartUnderConstraints starts from a list that does not keep to them.
func TestStartUnderConstraints(t *testing.T) {
	in := good(t)
	in.write(t, "start.txt", []byte("a1\nt\n"))
	got := must(t, in.args("--start", in.path("start.txt"), "--pin", "t=int8", "--pin", "x=int16", "--group", "a1,s1", "--strategy", "improve")...)
	if !strings.Contains(got.err, "--start: 3 activations begin elsewhere") {
		t.Errorf("standard error: %s", got.err)
	}
	if n := strings.Count(got.err, "begin elsewhere"); n != 1 {
		t.Errorf("the list is said %d times to have been fitted: %s", n, got.err)
	}
	if p := precisions(resultOf(t, in.path("run"))); p["t"] != "int8" || p["x"] != "int16" || p["a1"] != p["s1"] {
		t.Errorf("%v", p)
	}
}

// TestCosts searches by each cost: the result lists what is saved, by hand for the network of the tests, and the
// curve ends with the cost of the last mix.
func TestCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	in.flags["--target"] = "60%"
	names := []string{"x", "c1", "a1", "s1", "m1", "t"}
	list := "name,cost\n"
	for i, n := range names {
		list += n + "," + strconv.Itoa(i) + "\n"
	}
	in.write(t, "cost.csv", []byte(list))
	// The convolution makes 4x2x2 from 3x3: 144 multiply-accumulates on x; 16x8 on m1, 8x5 on t. Elements: x 16, c1
	// to m1 16, t 8; h has no holder.
	macs := map[string]float64{"x": 144, "m1": 128, "t": 40}
	elements := map[string]float64{"x": 16, "c1": 16, "a1": 16, "s1": 16, "m1": 16, "t": 8}
	for _, by := range []string{"count", "bops", "bytes", in.path("cost.csv")} {
		in.flags["--out"] = in.path("run " + strings.TrimPrefix(by, in.dir+"/"))
		got := must(t, in.args("--cost", by, "--strategy", "auto", "--metric", "sqnr", "--curve")...)
		r := resultOf(t, in.flags["--out"])
		var bops, bytes, allBops, allBytes float64
		for _, h := range r.Holders {
			allBops += macs[h.Name] * 64
			allBytes += elements[h.Name]
			if h.Precision == "int8" {
				bops += macs[h.Name] * 64
				bytes += elements[h.Name]
			}
		}
		if len(r.Savings) < 2 || r.Savings[0].Saved != bops || r.Savings[0].All != allBops || *r.Savings[0].Total != 2*allBops ||
			r.Savings[1].Saved != bytes || r.Savings[1].All != allBytes || *r.Savings[1].Total != 2*allBytes || r.Cost != by {
			t.Errorf("--cost %s: %+v; %v of %v BOPs, %v of %v bytes", by, r.Savings, bops, allBops, bytes, allBytes)
		}
		if wanted := strings.HasSuffix(by, ".csv"); wanted != (len(r.Savings) == 3) || wanted && r.Savings[2].All != 15 {
			t.Errorf("--cost %s: %+v", by, r.Savings)
		}
		if !strings.Contains(got.out, "saved by int8:\n  bops ") {
			t.Errorf("--cost %s: the summary lacks what is saved: %s", by, got.out)
		}
		end := map[string]float64{"bops": allBops, "bytes": allBytes}[by]
		if rows := curve(t, in.flags["--out"]); rows[len(rows)-1][5] != strconv.FormatFloat(end, 'g', -1, 64) || rows[len(rows)-1][2] != "6" {
			t.Errorf("--cost %s: the curve ends with %q, not at a cost of %v", by, rows[len(rows)-1], end)
		}
		must(t, "verify", in.flags["--out"])
	}
}

// curve is a run's curve.csv without its heading.
func curve(t *testing.T, dir string) [][]string {
	t.Helper()
	f, err := os.Open(dir + "/curve.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%v, %q", err, rows)
	}
	return rows[1:]
}

// TestCurvePastTheTarget walks every strategy's curve to its end, also where the endpoints decide.
func TestCurvePastTheTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, target := range []string{"50%", "1", "1000"} {
		for _, strategy := range run.Strategies() {
			in := good(t)
			in.flags["--target"], in.flags["--strategy"] = target, strategy
			call(in.args("--curve", "--metric", "sqnr")...)
			r := resultOf(t, in.path("run"))
			last := r.Chain[len(r.Chain)-1]
			if *last.Int8 != len(r.Holders) || *last.TrueValue != *r.Score.Low.Value {
				t.Errorf("%s, target %s: the curve ends with %+v", strategy, target, last)
			}
			low := 0
			for _, s := range r.Chain {
				if !s.Past {
					low = *s.Int8
				}
			}
			if strategy != "demotion" && strategy != "greedy" && low != len(r.Holders)-len(r.Promotion) {
				t.Errorf("%s, target %s: %d in int8 where the curve goes past the result, %d at int16", strategy, target, low, len(r.Promotion))
			}
		}
	}
}

// TestShareOfInt16 asks for mixes within a share: never more at int16, never a worse score with more of it.
func TestShareOfInt16(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	before := math.Inf(-1)
	for _, text := range []string{"0%", "30%", "60%", "100%"} {
		in := good(t)
		got := must(t, in.args(append(share(text)(t, in), "--metric", "sqnr")...)...)
		r := resultOf(t, in.path("run"))
		limit, _ := strconv.Atoi(strings.TrimSuffix(text, "%"))
		if 100*len(r.Promotion) > limit*len(r.Holders) || !r.Met || r.Int16Share != text || r.Strategy != "share" {
			t.Errorf("%s: %d of %d at int16, %+v", text, len(r.Promotion), len(r.Holders), r)
		}
		if !strings.Contains(got.out, "at most "+text) {
			t.Errorf("%s: %s", text, got.out)
		}
		score := math.Inf(1)
		if r.Score.Mixed.Value != nil {
			score = *r.Score.Mixed.Value
		}
		if score < before {
			t.Errorf("%s: %v dB, %v with less int16", text, score, before)
		}
		before = score
		must(t, "verify", in.path("run"))
		must(t, "report", in.path("run"))
	}
}

// TestBudgets ends every strategy early: the best so far is on disk, holds the target, and the result says what ended
// it.
func TestBudgets(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, strategy := range run.Strategies() {
		for _, trials := range []string{"1", "2", "5", "9"} {
			in := good(t)
			in.flags["--strategy"], in.flags["--target"] = strategy, "50%"
			must(t, in.args("--evaluations", trials, "--metric", "sqnr")...)
			r := resultOf(t, in.path("run"))
			n, _ := strconv.Atoi(trials)
			if r.Evaluations > n || !r.Met || !r.Finished || (r.Stop != "trials" && r.Stop != "done") {
				t.Errorf("%s, %s trials: %d evaluations, met %v, stop %q", strategy, trials, r.Evaluations, r.Met, r.Stop)
			}
			if *r.Score.Mixed.Value <= r.Target.Value {
				t.Errorf("%s, %s trials: a mix of %v, the target is %v", strategy, trials, *r.Score.Mixed.Value, r.Target.Value)
			}
			if said := slices.ContainsFunc(r.Warnings, func(w result.Warning) bool {
				return strings.Contains(w.Text, "the limit of evaluations (--evaluations "+trials+")")
			}); said != (r.Stop == "trials") {
				t.Errorf("%s, %s trials: stop %s, warnings %q", strategy, trials, r.Stop, r.Warnings)
			}
		}
		in := good(t)
		in.flags["--strategy"], in.flags["--target"] = strategy, "50%"
		must(t, in.args("--time", "1ns", "--metric", "sqnr")...)
		if r := resultOf(t, in.path("run")); r.Stop != "time" || !r.Met || len(r.Promotion) != len(r.Holders) {
			t.Errorf("%s, no time: stop %q, met %v, %d at int16", strategy, r.Stop, r.Met, len(r.Promotion))
		}
	}
}

// TestExampleProfiles reads every profile under examples for the network there: each leaves fewer units than
// activations.
func TestExampleProfiles(t *testing.T) {
	files, err := filepath.Glob("../examples/profiles/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		got := must(t, "search", "--model", "../examples/fashion/model.onnx", "--calib", "../examples/fashion/calib.npz", "--data", "../examples/fashion/eval.npz",
			"--limit", "10", "--target", "16bit-0.1", "--profile", file, "--dry-run")
		if !strings.Contains(got.out, " units\n") {
			t.Errorf("%s: %s", file, got.out)
		}
	}
}
