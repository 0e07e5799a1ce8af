package run

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// searchOfBits is a small whole search with two widths.
func searchOfBits(t *testing.T, bits string) config.Config {
	t.Helper()
	c := tasktest.TinyConfig(t, 64)
	c.Bits, c.Strategy, c.Target = bits, "gallop", "16bit-0.1"
	return c
}

// TestBits searches a network full of Relu with other widths. The written file computes what the search did, bit for
// bit, also as it is written; the names follow the widths; and a naive search finds the same.
func TestBits(t *testing.T) {
	for bits, want := range map[string]struct{ low, high, target string }{"4,8": {"int4", "int8", "16bit-0.02"}, "4,16": {"int4", "int16", "16bit-0.1"},
		"8,bf16": {"int8", "bf16", "16bit-0.02"}, "4,bf16": {"int4", "bf16", "16bit-0.1"}} {
		t.Run(bits, func(t *testing.T) {
			c := searchOfBits(t, bits)
			c.Target = want.target
			var said []string
			c.Say = func(text string) { said = append(said, text) }
			r, err := Search(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			if v := r.Verified; v == nil || !v.Identical || v.Correct == nil || *v.Correct != *r.Score.Mixed.Correct {
				t.Errorf("the written file: %+v", v)
			}
			for _, a := range r.Verified.AsWritten {
				if a.Differ > 0 {
					t.Errorf("as it is written, in batches of %d, %d samples differ", a.Batch, a.Differ)
				}
			}
			if r.Config.Bits != bits || r.Widths == nil || *r.Widths != (result.Widths{Low: want.low, High: want.high}) {
				t.Errorf("the result is of %q, %+v", r.Config.Bits, r.Widths)
			}
			widths := map[string]int{}
			for _, h := range r.Holders {
				widths[h.Precision]++
			}
			if widths[want.low] != len(r.Holders)-len(r.Promotion) || widths[want.high] != len(r.Promotion) || widths[want.low] == 0 || len(r.Promotion) == 0 {
				t.Errorf("widths %v, %d of %d holders are promoted", widths, len(r.Promotion), len(r.Holders))
			}
			if m, err := onnx.Read(filepath.Join(c.Out, "mixed.onnx")); err != nil {
				t.Error(err)
			} else if n, grids, err := onnx.ReadQuantized(m, "qdq"); err != nil || len(grids) != len(r.Holders) {
				t.Errorf("%d grids in the file: %v", len(grids), err)
			} else {
				for i, g := range grids {
					if g.Width().String() != r.Holders[i].Precision {
						t.Errorf("%s is %s in the file and %s in the result", n.Holders[i].Name, g, r.Holders[i].Precision)
					}
				}
			}
			for _, text := range said {
				if strings.Contains(text, "int16") && want.high != "int16" || strings.Contains(text, "int8") && want.high != "int8" && want.low != "int8" {
					t.Errorf("said %q of %s and %s", text, want.low, want.high)
				}
			}
			c.Out, c.Scan, c.Say = filepath.Join(t.TempDir(), "naive"), "naive", nil
			naive, err := Search(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(naive.Promotion, r.Promotion) || *naive.Score.Mixed.Correct != *r.Score.Mixed.Correct || naive.Evaluations != r.Evaluations {
				t.Errorf("naive scans end elsewhere: %v, and %v", naive.Promotion, r.Promotion)
			}
		})
	}
}

// TestBitsUsual: the usual widths, typed or not, leave a result without a word about widths, and the same file.
func TestBitsUsual(t *testing.T) {
	var files [][]byte
	for _, bits := range []string{"", "8,16"} {
		c := searchOfBits(t, bits)
		if _, err := Search(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(c.Out, result.File))
		if err != nil {
			t.Fatal(err)
		}
		var r map[string]any
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		if r["widths"] != nil || r["config"].(map[string]any)["bits"] != nil {
			t.Errorf("--bits %q: the result has widths %v, %v", bits, r["widths"], r["config"].(map[string]any)["bits"])
		}
		file, err := os.ReadFile(filepath.Join(c.Out, "mixed.onnx"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if !slices.Equal(files[0], files[1]) {
		t.Error("the files differ")
	}
}

// TestBitsRefused are widths that cannot be searched.
func TestBitsRefused(t *testing.T) {
	for bits, want := range map[string]string{
		"8": "give a low and a high width", "8,8": "both widths are int8", "16,4": "the low width comes first: give 4,16", "8,12": `"12" is no width`,
		"a,8": `"a" is no width`, "4,8,16": `"8,16" is no width`, "8,": `"" is no width`, "16,bf16": "both take 16 bits", "bf16,8": "give 8,bf16",
	} {
		c := searchOfBits(t, bits)
		if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) || ExitCode(err) != ExitMistake {
			t.Errorf("--bits %s: %v, want %q", bits, err, want)
		}
		if _, err := Inspect(context.Background(), config.Config{Model: c.Model, Bits: bits}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("inspect --bits %s: %v, want %q", bits, err, want)
		}
		if _, _, err := Quantize(context.Background(), config.Config{Model: c.Model, Calib: c.Calib, Out: t.TempDir(), Bits: bits}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("quantize --bits %s: %v, want %q", bits, err, want)
		}
	}
	for _, bits := range []string{"4,8", "8,16"} {
		pair := config.Config{Low: "l.onnx", High: "h.onnx", Data: "e.npz", Target: "0.5", Out: "x", Bits: bits}
		if _, err := Search(context.Background(), pair); err == nil || !strings.Contains(err.Error(), "bring their own widths") {
			t.Errorf("a pair with --bits %s: %v", bits, err)
		}
		encoded := config.Config{Model: "m.onnx", EncodingsLow: "l.json", EncodingsHigh: "h.json", Data: "e.npz", Target: "0.5", Out: "x", Bits: bits}
		if _, err := Search(context.Background(), encoded); err == nil || !strings.Contains(err.Error(), "bring their own widths") {
			t.Errorf("encodings with --bits %s: %v", bits, err)
		}
	}
	for want, change := range map[string]func(*config.Config){
		"the toolkit's files have no bf16": func(c *config.Config) { c.Export = []string{"mctq"} }, "encodings have no bf16": func(c *config.Config) { c.Export = []string{"encodings"} },
		"bf16 is no integer": func(c *config.Config) { c.Export = []string{"overrides"} }, "and bf16 has none; leave it out": func(c *config.Config) { c.Bias = "int32" },
	} {
		c := searchOfBits(t, "8,bf16")
		change(&c)
		if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) || ExitCode(err) != ExitMistake {
			t.Errorf("bf16: %v, want %q", err, want)
		}
	}
	c := searchOfBits(t, "4,8")
	c.Session = "default"
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "no kernels for activations of 4 bits") || ExitCode(err) != ExitMistake {
		t.Errorf("a default session with 4 bits: %v", err)
	}
	c.Session, c.FixShapes = "", true
	if _, err := Search(context.Background(), c); segments.ConfusesCodes() && (err == nil || !strings.Contains(err.Error(), "give a network with a free batch axis") || ExitCode(err) != ExitMistake) {
		t.Errorf("fixed axes with 4 beside 8 bits: %v", err)
	}
	c.FixShapes, c.Export = false, []string{"overrides"}
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "takes 8 and 16 bits, not 4") || ExitCode(err) != ExitMistake {
		t.Errorf("a format that has no 4 bits: %v", err)
	}
	c.Export, c.Pins = nil, []string{"x=int16"}
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "held at int4 or int8") {
		t.Errorf("a pin at a width of another search: %v", err)
	}
}

// TestBitsBesideTruthValues: a network that computes truth values is searched with 4 bits as the file computes it, also
// beside 16, and refused with fixed axes or another formula, where this runtime confuses the memory of both: with a
// cure that is one.
func TestBitsBesideTruthValues(t *testing.T) {
	c := searchOfBits(t, "4,16")
	m, err := onnx.Read(c.Model)
	if err != nil {
		t.Fatal(err)
	}
	g, last := m.Graph(), m.Graph().Output[0].GetName()
	for _, n := range g.Node {
		if at := slices.Index(n.Output, last); at >= 0 {
			n.Output[at] = "before"
		}
	}
	g.Node = append(g.Node, ir.NewNode("IsNaN", "nan", []string{"before"}, []string{"is"}),
		ir.NewNode("Where", "where", []string{"is", "before", "before"}, []string{last}))
	c.Model = filepath.Join(t.TempDir(), "truth.onnx")
	if err := m.Write(c.Model); err != nil {
		t.Fatal(err)
	}
	for _, bits := range []string{"4,16", "4,8"} { // no cure that is refused next, as --bits 4,16 would be
		fixed, formula := c, c
		fixed.Bits, fixed.FixShapes = bits, true
		formula.Bits, formula.Formula = bits, "torch"
		for _, c := range []Config{fixed, formula} {
			if _, err := Search(context.Background(), c); segments.ConfusesCodes() && (err == nil || !strings.Contains(err.Error(), "4 bits in a network that computes truth values") || ExitCode(err) != ExitMistake) {
				t.Errorf("%s, fixed axes %v, formula %q: %v", bits, c.FixShapes, c.Formula, err)
			}
		}
	}
	r, err := Search(context.Background(), c)
	if err != nil || !r.Verified.Identical || r.Verified.Value == nil {
		t.Fatalf("%v: %+v", err, r)
	}
}

// TestHalvesOfAPair: two files of 8 bits and bf16, as quantize writes them, are searched as the network itself is, and
// as what they are.
func TestHalvesOfAPair(t *testing.T) {
	c := searchOfBits(t, "8,bf16")
	c.Target, c.GridLow, c.RangeLow, c.Export = "16bit-0.02", "pow2", "minmax", []string{"promotion", "qdq-ms"}
	want, err := Search(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
	low, high, err := Quantize(context.Background(), config.Config{Model: c.Model, Calib: c.Calib, Out: t.TempDir(), Bits: "8,bf16", GridLow: "pow2", GridHigh: "pow2"})
	if err != nil || filepath.Base(high) != "tiny_bf16.onnx" {
		t.Fatal(high, err)
	}
	own := tasktest.CutEverywhere(config.Config{Low: low, High: high, Data: c.Data, Metric: "agreement", Target: c.Target, Strategy: "gallop", Block: 8, Out: filepath.Join(t.TempDir(), "pair")})
	r, err := Search(context.Background(), own)
	if err != nil {
		t.Fatal(err)
	}
	if r.Widths == nil || *r.Widths != (result.Widths{Low: "int8", High: "bf16"}) || !r.Verified.Identical || len(r.Holders) != len(want.Holders) {
		t.Errorf("widths %+v, %+v, %d holders of %d", r.Widths, r.Verified, len(r.Holders), len(want.Holders))
	}
	for i, h := range r.Holders {
		if w := want.Holders[i]; h.Name != w.Name || h.Low != w.Low || h.High != w.High {
			t.Errorf("%s has %+v and %+v, the network itself %s %+v and %+v", h.Name, h.Low, h.High, w.Name, w.Low, w.High)
		}
	}
}

// TestBitsOfAPair: two files of 4 and 8 bits, as quantize writes them, are named by what is in them.
func TestBitsOfAPair(t *testing.T) {
	c := searchOfBits(t, "4,8")
	low, high, err := Quantize(context.Background(), config.Config{Model: c.Model, Calib: c.Calib, Out: t.TempDir(), Bits: "4,8", GridLow: "pow2", GridHigh: "pow2"})
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(low) != "tiny_int4.onnx" || filepath.Base(high) != "tiny_int8.onnx" {
		t.Errorf("the files are %s and %s", low, high)
	}
	own := tasktest.CutEverywhere(config.Config{Low: low, High: high, Data: c.Data, Metric: "agreement", Target: "16bit-0.02", Strategy: "gallop", Block: 8, Out: c.Out})
	r, err := Search(context.Background(), own)
	if err != nil {
		t.Fatal(err)
	}
	if r.Widths == nil || *r.Widths != (result.Widths{Low: "int4", High: "int8"}) || !r.Verified.Identical {
		t.Errorf("widths %+v, %+v", r.Widths, r.Verified)
	}
}
