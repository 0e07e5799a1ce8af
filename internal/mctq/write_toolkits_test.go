//go:build toolkits

package mctq_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/aimet"
	"example.org/demote/internal/format"
	"example.org/demote/internal/mctq"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/qdq"
	"example.org/demote/internal/rewrite"
	"example.org/demote/quant"
)

// saveNPZ writes float arrays.
func saveNPZ(t *testing.T, path string, feeds []onnxruntest.Feed) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range feeds {
		w, err := z.Create(f.Name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		shape := strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Dims), " ", ", "), "[]")
		header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }", shape)
		header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
		fmt.Fprintf(w, "\x93NUMPY\x01\x00%c%c%s", len(header)&255, len(header)>>8, header)
		if err := binary.Write(w, binary.LittleEndian, f.Floats); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestToolkitAnnotated: annotated files pass onnx.checker with shape inference, and mct_quantizers' own loader runs
// them. Its runtime hands float attributes over with six digits, so only grids of powers of two are compared.
func TestToolkitAnnotated(t *testing.T) {
	folder := t.TempDir()
	var paths []string
	for _, c := range []struct {
		low, high string
		compare   bool
	}{
		{"mctq/pot_low", "mctq/pot_high", true}, {"mctq/shifted_low", "mctq/shifted_high", true}, {"mctq/uniform_low", "mctq/uniform_high", false},
		{"mctq/attention_low", "mctq/attention_high", false}, {"qdq/conv21_u8", "qdq/conv21_u16", false}, {"qdq/attention21_s8", "qdq/attention21_s16", false},
	} {
		n, records, _, err := onnxruntest.Pair(t, "../../onnx/testdata/"+c.low+".onnx", "../../onnx/testdata/"+c.high+".onnx")
		if err != nil {
			t.Fatal(err)
		}
		low := onnxruntest.Halves(len(records))
		m, _, err := mctq.Write(n, records, low)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, strings.ReplaceAll(c.low, "/", "_"))
		if err := m.Write(path + ".onnx"); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path+".onnx")
		q, err := qdq.Write(n, records, low)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Write(path + "_qdq.onnx"); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path+"_qdq.onnx")
		in := onnxruntest.Feed{Name: "input", Dims: []int64{2, 3, 16, 16}, Floats: onnxruntest.ReadNPZ(t, "../../onnx/testdata/mctq/pot.npz")["x"].Floats[:2*3*16*16]}
		saveNPZ(t, path+"_in.npz", []onnxruntest.Feed{in})
		onnxruntest.Python(t, ".venv-toolkits", "fixtures_check.py", "annotated", path+".onnx", path+"_in.npz", path+"_out.npz")
		have := onnxruntest.ReadNPZ(t, path+"_out.npz")["output"].Floats
		sw, err := rewrite.Switchable(n, records)
		if err != nil {
			t.Fatal(err)
		}
		mask := onnxruntest.MaskFeed(len(low))
		last := quant.Grid{}
		for i, l := range low {
			last = records[i].High
			if l {
				mask.Bytes[i], last = 1, records[i].Low
			}
		}
		off := 0
		for i, v := range onnxruntest.Run(t, sw, onnxruntest.Exact, in, mask)["output"] {
			if d := (v - have[i]) / last.Scale; d > 1.5 || d < -1.5 {
				off++
			}
		}
		if c.compare && off > 0 {
			t.Errorf("%s: %d logits are more than a step away from mct_quantizers'", c.low, off)
		}
	}
	out := onnxruntest.Python(t, ".venv-toolkits", "fixtures_check.py", append([]string{"valid"}, paths...)...)
	if strings.Count(out, "valid") != len(paths) {
		t.Errorf("onnx.checker: %s", out)
	}
}

// TestToolkitOverrides: quantize_static takes overrides.json and gives every holder the width and grid that it says.
func TestToolkitOverrides(t *testing.T) {
	folder := t.TempDir()
	n, records, _, err := onnxruntest.Pair(t, "../../onnx/testdata/qdq/conv21_u8.onnx", "../../onnx/testdata/qdq/conv21_u16.onnx")
	if err != nil {
		t.Fatal(err)
	}
	low := onnxruntest.Halves(len(records))
	overrides, err := aimet.TensorOverrides.Write(format.Mix{Network: n, Records: records, Low: low})
	if err != nil {
		t.Fatal(err)
	}
	path, target := filepath.Join(folder, "overrides.json"), filepath.Join(folder, "quantized.onnx")
	if err := os.WriteFile(path, overrides.Text, 0o666); err != nil {
		t.Fatal(err)
	}
	onnxruntest.Python(t, ".venv-toolkits", "fixtures_check.py", "overrides", "../../onnx/testdata/qdq/float_convolutional_21.onnx", path, target)
	back, grids, err := qdq.Format.Read(onnxruntest.Read(t, target), quant.QDQ)
	if err != nil {
		t.Fatal(err)
	}
	have := make(map[string]quant.Grid)
	for i, h := range back.Holders {
		have[h.Tensor] = grids[i]
	}
	for i, h := range n.Holders {
		want := records[i].High
		if low[i] {
			want = records[i].Low
		}
		if have[h.Tensor] != want {
			t.Errorf("holder %q: %v, overrides.json says %v", h.Name, have[h.Tensor], want)
		}
	}
}

// TestToolkitEncodings: AIMET's own loader takes the encodings of both formats, with the widths that they say.
func TestToolkitEncodings(t *testing.T) {
	folder := t.TempDir()
	for _, network := range []string{"conv", "attention"} {
		low, lowGrids := onnxruntest.Encoded(t, network, network+"_8_100")
		high, highGrids := onnxruntest.Encoded(t, network, network+"_16_100")
		n, records, _, err := pair.Join(low, high, lowGrids, highGrids)
		if err != nil {
			t.Fatal(err)
		}
		narrow := 0
		mask := onnxruntest.Halves(len(records))
		for _, l := range mask {
			if l {
				narrow++
			}
		}
		for version, f := range map[string]format.Format{"0.6.1": aimet.Format061, "1.0.0": aimet.Format} {
			written, err := f.Write(format.Mix{Network: n, Records: records, Low: mask})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, network+version+".encodings")
			if err := os.WriteFile(path, written.Text, 0o666); err != nil {
				t.Fatal(err)
			}
			out := onnxruntest.Python(t, ".venv-aimet", "fixtures_encodings.py", "--check", path, "../../onnx/testdata/encodings/"+network+".onnx")
			if want := fmt.Sprintf("16: %d", len(mask)-narrow); !strings.Contains(out, want) {
				t.Errorf("%s %s: AIMET says %q, without %q", network, version, out, want)
			}
		}
	}
}

// TestToolkitFixtures: the script makes the checked-in files again, byte for byte where the toolkit is deterministic.
func TestToolkitFixtures(t *testing.T) {
	folder := t.TempDir()
	onnxruntest.Python(t, ".venv-toolkits", "fixtures_mctq.py", folder, "pot", "uniform", "constants")
	for _, name := range []string{"pot", "uniform", "constants"} {
		for _, side := range []string{"low", "high", "mixed"} {
			file := name + "_" + side + ".onnx"
			want, err := os.ReadFile("../../onnx/testdata/mctq/" + file)
			if err != nil {
				t.Fatal(err)
			}
			have, err := os.ReadFile(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(have, want) {
				t.Errorf("%s: the script makes another file of %d bytes, %d before", file, len(have), len(want))
			}
		}
	}
}
