package cli

import (
	"math"
	"os"
	"strings"
	"testing"
)

// held writes n labelled samples that good's evaluation data do not have, as name.
func held(t *testing.T, in inputs, name string, n int, change func(x, y []float64)) string {
	t.Helper()
	x, y := images(n)
	change(x, y)
	in.write(t, name, npz(map[string][]byte{"x": npy("<f4", x, n, 1, 4, 4), "y": npy("<i8", y, n)}))
	return in.path(name)
}

func asTheyAre(_, _ []float64) {}

// TestBadHoldout gives a search hold-outs and confidences that cannot serve: exit code 2, one line, no folder left
// behind.
func TestBadHoldout(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, in inputs) (more []string)
		texts  []string
	}{
		{"no such file", flags("--holdout", "none.npz"), []string{"none.npz: no such file"}},
		{"the search's own samples", func(_ *testing.T, in inputs) []string { return []string{"--holdout", in.path("eval.npz")} },
			[]string{"eval.npz: sample 0 is a sample that the search sees too", "40 of 40"}},
		{"one sample of the search", func(t *testing.T, in inputs) []string {
			own, _ := images(40)
			return []string{"--holdout", held(t, in, "held.npz", 30, func(x, _ []float64) { copy(x[7*16:8*16], own[3*16:]) })}
		}, []string{"held.npz: sample 7 is a sample that the search sees too", "eval.npz", "1 of 30"}},
		{"one sample of the calibration", func(t *testing.T, in inputs) []string {
			own, _ := images(16)
			return []string{"--holdout", held(t, in, "held.npz", 30, func(x, _ []float64) { copy(x[2*16:3*16], own[5*16:]) })}
		}, []string{"held.npz: sample 2 of the hold-out served the calibration too", "calib.npz", "1 of 30", "other samples"}},
		{"a share of samples that served the calibration", func(_ *testing.T, in inputs) []string {
			in.flags["--calib"] = in.path("eval.npz")
			return []string{"--holdout", "30%"}
		}, []string{"of the hold-out served the calibration too", "12 of 12"}},
		{"empty", func(t *testing.T, in inputs) []string {
			in.write(t, "held.npz", npz(map[string][]byte{"x": npy("<f4", nil, 0, 1, 4, 4)}))
			return []string{"--holdout", in.path("held.npz")}
		}, []string{"held.npz", "no sample at all"}},
		{"an empty file", func(t *testing.T, in inputs) []string {
			in.write(t, "held.npz", nil)
			return []string{"--holdout", in.path("held.npz")}
		}, []string{"held.npz", "empty"}},
		{"without labels", func(t *testing.T, in inputs) []string {
			x, _ := images(30)
			in.write(t, "held.npz", npz(map[string][]byte{"x": npy("<f4", x, 30, 1, 4, 4)}))
			return []string{"--holdout", in.path("held.npz")}
		}, []string{"held.npz: metric top1 needs labels, and the hold-out has none", "array y"}},
		{"a label out of range", func(t *testing.T, in inputs) []string {
			return []string{"--holdout", held(t, in, "held.npz", 30, func(_, y []float64) { y[4] = 5 })}
		}, []string{"held.npz", "sample 4", "label 5", "0 to 4"}},
		{"samples of another shape", func(t *testing.T, in inputs) []string {
			in.write(t, "held.npz", npz(map[string][]byte{"x": npy("<f4", make([]float64, 75), 3, 1, 5, 5), "y": npy("<i8", make([]float64, 3), 3)}))
			return []string{"--holdout", in.path("held.npz")}
		}, []string{"held.npz", "[3,1,5,5]", "[N,1,4,4]"}},
		{"NaN in it", func(t *testing.T, in inputs) []string {
			return []string{"--holdout", held(t, in, "held.npz", 30, func(x, _ []float64) { x[40] = math.NaN() })}
		}, []string{"held.npz", "NaN", "sample 2"}},
		{"no share", flags("--holdout", "0%"), []string{"--holdout 0%", "between 0% and 100%"}},
		{"all", flags("--holdout", "100%"), []string{"--holdout 100%", "between 0% and 100%"}},
		{"more than all", flags("--holdout", "130%"), []string{"--holdout 130%", "between 0% and 100%"}},
		{"a negative share", flags("--holdout", "-5%"), []string{"--holdout -5%", "such as 30%"}},
		{"a share in words", flags("--holdout", "half%"), []string{"--holdout half%", "such as 30%"}},
		{"a share of no sample", flags("--holdout", "1%"), []string{"--holdout 1%", "0 of the 40 samples"}},
		{"a share of all but none", flags("--holdout", "99%"), []string{"--holdout 99%", "40 of the 40 samples"}},
		{"confidence without a hold-out", flags("--confidence", "0.95"), []string{"--confidence 0.95", "--holdout FILE or --holdout 30%"}},
		{"a budget of zero", func(_ *testing.T, in inputs) []string {
			in.flags["--target"] = "16bit-0"
			return []string{"--confidence", "0.95", "--holdout", "30%"}
		}, []string{"--confidence 0.95: target 16bit-0 is a budget of no loss", "16bit-0.005"}},
		{"confidence of one", flags("--confidence", "1", "--holdout", "30%"), []string{"--confidence 1:", "between 0 and 1"}},
		{"confidence of zero", flags("--confidence", "0", "--holdout", "30%"), []string{"--confidence 0:", "between 0 and 1"}},
		{"confidence in points", flags("--confidence", "95", "--holdout", "30%"), []string{"--confidence 95:", "such as 0.95"}},
		{"confidence in per cent", flags("--confidence", "95%", "--holdout", "30%"), []string{"--confidence 95%:", "such as 0.95"}},
		{"confidence in words", flags("--confidence", "NaN", "--holdout", "30%"), []string{"--confidence NaN:", "such as 0.95"}},
		{"negative confidence", flags("--confidence", "-0.5", "--holdout", "30%"), []string{"--confidence -0.5:", "such as 0.95"}},
		{"confidence in a metric that does not count", flags("--confidence", "0.95", "--holdout", "30%", "--metric", "cosine"), []string{"--confidence 0.95: metric cosine does not count samples", "agreement"}},
		{"confidence in a share of int16", func(_ *testing.T, in inputs) []string {
			in.flags["--target"], in.flags["--strategy"] = "-", "-"
			return []string{"--int16-share", "20%", "--holdout", "30%", "--confidence", "0.95"}
		}, []string{"--confidence and --int16-share", "--target"}},
		{"confidence in a default session", flags("--confidence", "0.95", "--holdout", "30%", "--session", "default"), []string{"--confidence", "--session default", "exact"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := good(t)
			checkUntouched(t, in, c.change(t, in), c.texts...)
		})
	}
}

// TestSummaryOfHoldout looks at what a user reads of a hold-out, of a promise, and of one that cannot be made.
func TestSummaryOfHoldout(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	in.flags["--target"] = "16bit-0.2"
	path := held(t, in, "held.npz", 400, asTheyAre)
	for _, c := range []struct {
		name string
		code int
		more []string
		has  []string
	}{
		{"scores", 0, []string{"--holdout", path}, []string{"on 400 samples that the search never saw:", "loss of the mix", "0.95 confidence interval", "% that on unseen samples the mix loses less than 0.2 against the 16-bit network by top1"}},
		{"a promise", 0, []string{"--holdout", path, "--confidence", "0.9"}, []string{"p = ", ": holds", "promise: with confidence 0.9, the mix loses less than 0.2"}},
		{"none", 3, []string{"--holdout", "10%", "--confidence", "0.999"}, []string{": not proven", "promise: no mix is promised: ", "everything is in "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in.flags["--out"] = in.path("run " + c.name)
			got := call(in.args(c.more...)...)
			if got.code != c.code {
				t.Fatalf("exit code %d, want %d: %s", got.code, c.code, got.err)
			}
			for _, text := range c.has {
				if !strings.Contains(got.out, text) {
					t.Errorf("the summary does not say %q:\n%s", text, got.out)
				}
			}
			page, err := os.ReadFile(in.flags["--out"] + "/report.html")
			if err != nil || !strings.Contains(string(page), "Hold-out: samples that the search never saw") {
				t.Errorf("the report does not tell of the hold-out, error %v", err)
			}
		})
	}
}

// TestDryRunOfHoldout holds that a dry run says what would be kept apart.
func TestDryRunOfHoldout(t *testing.T) {
	in := good(t)
	got := must(t, in.args("--dry-run", "--holdout", "30%")...)
	if !strings.Contains(got.out, "28 samples in blocks of 8") || !strings.Contains(got.out, "12 more samples are held out") {
		t.Error(got.out)
	}
}
