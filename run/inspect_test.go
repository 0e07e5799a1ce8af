package run

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
)

// TestEncodingsOut writes a mix as AIMET's encodings of both versions, and scores each beside its float file: the
// search's own count.
func TestEncodingsOut(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.FashionConfig(t)
	cfg.Limit, cfg.Block, cfg.Export = 60, 20, []string{"encodings", "encodings-0.6.1"}
	r := mustSearch(t, cfg)
	for version, name := range map[string]string{"1.0.0": "encodings", "0.6.1": "encodings-0.6.1"} {
		file := filepath.Join(cfg.Out, name)
		if text := string(tasktest.ReadFile(t, file+".json")); !strings.Contains(text, version) {
			t.Errorf("%s does not say that it is %s", name, version)
		}
		c := config.Config{Data: cfg.Data, Limit: cfg.Limit, Seed: cfg.Seed, Block: cfg.Block, Encodings: file + ".json"}
		e, err := Eval(context.Background(), c, file+".onnx", "", "")
		if err != nil || *e.Score.Correct != *r.Score.Mixed.Correct {
			t.Errorf("%s: %+v, %v; the search has %d", name, e, err, *r.Score.Mixed.Correct)
		}
		if _, err := Eval(context.Background(), c, filepath.Join(cfg.Out, journal.MixedFile), "", ""); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "quantized already") {
			t.Errorf("encodings of a QDQ file: %v", err)
		}
	}
}

// TestInspectQuantized lists the holders and grids of pairs and encodings, as a search takes them.
func TestInspectQuantized(t *testing.T) {
	const dir = "../onnx/testdata/"
	for _, c := range []struct {
		name    string
		cfg     config.Config
		holders int
		note    string
	}{
		{"the toolkit's pair", config.Config{Low: dir + "mctq/shifthigh_low.onnx", High: dir + "mctq/shifthigh_high.onnx"}, 8, "is only in the 16-bit file"},
		{"QDQ", config.Config{Low: dir + "qdq/conv21_u8.onnx", High: dir + "qdq/conv21_u16.onnx"}, 11, "bias of"},
		{"encodings", config.Config{Model: dir + "encodings/conv.onnx", EncodingsLow: dir + "encodings/conv_8_100.json", EncodingsHigh: dir + "encodings/conv_16_061.json"}, 11, ""},
	} {
		found, err := Inspect(context.Background(), c.cfg)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(found.Holders) != c.holders || !strings.Contains(strings.Join(found.Notes, "\n"), c.note) || found.Opset == 0 || len(found.Inputs) != 1 {
			t.Errorf("%s: %d holders, notes %q, %+v", c.name, len(found.Holders), found.Notes, found)
		}
		text, err := json.Marshal(found.Inputs)
		if want := `[{"name":"` + found.Inputs[0].Name + `","type":"FLOAT","dims":[`; err != nil || !strings.HasPrefix(string(text), want) {
			t.Errorf("%s: inputs %s, %v; want %s", c.name, text, err, want)
		}
		for _, h := range found.Holders {
			if h.Low == nil || h.High == nil || h.Low.Scale < h.High.Scale {
				t.Errorf("%s: holder %s: %+v, %+v", c.name, h.Name, h.Low, h.High)
			}
		}
	}
	for name, c := range map[string]config.Config{
		"half a pair": {Low: "a.onnx"}, "half of the encodings": {Model: "a.onnx", EncodingsLow: "a.json"}, "both": {Model: "a.onnx", Low: "b.onnx", High: "c.onnx"}, "nothing": {},
	} {
		if _, err := Inspect(context.Background(), c); ExitCode(err) != ExitMistake {
			t.Errorf("%s: %v", name, err)
		}
	}
}
