//go:build toolkits

package onnx_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"demote/onnx"
	"demote/quant"
)

// python runs a script of the project in one of the virtual environments that make test-toolkits makes, and returns what it prints.
func python(t *testing.T, environment, script string, args ...string) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	interpreter := filepath.Join(root, environment, "bin", "python")
	if _, err := os.Stat(interpreter); err != nil {
		t.Fatalf("%v: run make test-toolkits", err)
	}
	c := exec.Command(interpreter, append([]string{"-W", "ignore", filepath.Join(root, "scripts", script)}, args...)...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", script, args, err, out)
	}
	return string(out)
}

// saveNPZ writes float arrays.
func saveNPZ(t *testing.T, path string, feeds []feed) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range feeds {
		w, err := z.Create(f.name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		shape := strings.Trim(strings.ReplaceAll(fmt.Sprint(f.dims), " ", ", "), "[]")
		header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s,), }", shape)
		header += strings.Repeat(" ", 63-(10+len(header))%64) + "\n"
		fmt.Fprintf(w, "\x93NUMPY\x01\x00%c%c%s", len(header)&255, len(header)>>8, header)
		if err := binary.Write(w, binary.LittleEndian, f.floats); err != nil {
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

// TestToolkitAnnotated: annotated files pass onnx.checker with shape inference, and mct_quantizers' own loader runs them. Its runtime
// hands float attributes over with six digits, so only grids of powers of two are compared.
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
		n, records, _, err := pair(t, "testdata/"+c.low+".onnx", "testdata/"+c.high+".onnx")
		if err != nil {
			t.Fatal(err)
		}
		low := halves(len(records))
		m, _, err := n.MCTQ(records, low)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, strings.ReplaceAll(c.low, "/", "_"))
		if err := m.Write(path + ".onnx"); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path+".onnx")
		q, err := n.QDQ(records, low)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Write(path + "_qdq.onnx"); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path+"_qdq.onnx")
		in := feed{name: "input", dims: []int64{2, 3, 16, 16}, floats: readNPZ(t, "testdata/mctq/pot.npz")["x"].floats[:2*3*16*16]}
		saveNPZ(t, path+"_in.npz", []feed{in})
		python(t, ".venv-toolkits", "fixtures_check.py", "annotated", path+".onnx", path+"_in.npz", path+"_out.npz")
		have := readNPZ(t, path+"_out.npz")["output"].floats
		sw, err := n.Switchable(records)
		if err != nil {
			t.Fatal(err)
		}
		mask := maskFeed(len(low))
		last := quant.Grid{}
		for i, l := range low {
			last = records[i].High
			if l {
				mask.bytes[i], last = 1, records[i].Low
			}
		}
		off := 0
		for i, v := range run(t, sw, exact, in, mask)["output"] {
			if d := (v - have[i]) / last.Scale; d > 1.5 || d < -1.5 {
				off++
			}
		}
		if c.compare && off > 0 {
			t.Errorf("%s: %d logits are more than a step away from mct_quantizers'", c.low, off)
		}
	}
	out := python(t, ".venv-toolkits", "fixtures_check.py", append([]string{"valid"}, paths...)...)
	if strings.Count(out, "valid") != len(paths) {
		t.Errorf("onnx.checker: %s", out)
	}
}

// TestToolkitOverrides: quantize_static takes overrides.json and gives every holder the width and grid that it says.
func TestToolkitOverrides(t *testing.T) {
	folder := t.TempDir()
	n, records, _, err := pair(t, "testdata/qdq/conv21_u8.onnx", "testdata/qdq/conv21_u16.onnx")
	if err != nil {
		t.Fatal(err)
	}
	low := halves(len(records))
	data, err := n.Overrides(records, low)
	if err != nil {
		t.Fatal(err)
	}
	path, target := filepath.Join(folder, "overrides.json"), filepath.Join(folder, "quantized.onnx")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	python(t, ".venv-toolkits", "fixtures_check.py", "overrides", "testdata/qdq/float_convolutional_21.onnx", path, target)
	back, grids, err := onnx.ReadQDQ(read(t, target))
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
		low, lowGrids := encoded(t, network, network+"_8_100")
		high, highGrids := encoded(t, network, network+"_16_100")
		n, records, _, err := onnx.Pair(low, high, lowGrids, highGrids)
		if err != nil {
			t.Fatal(err)
		}
		narrow := 0
		mask := halves(len(records))
		for _, l := range mask {
			if l {
				narrow++
			}
		}
		for _, version := range []string{"0.6.1", "1.0.0"} {
			data, err := n.Encodings(records, mask, version)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, network+version+".encodings")
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
			out := python(t, ".venv-aimet", "fixtures_encodings.py", "--check", path, "testdata/encodings/"+network+".onnx")
			if want := fmt.Sprintf("16: %d", len(mask)-narrow); !strings.Contains(out, want) {
				t.Errorf("%s %s: AIMET says %q, without %q", network, version, out, want)
			}
		}
	}
}

// TestToolkitFixtures: the script makes the checked-in files again, byte for byte where the toolkit is deterministic.
func TestToolkitFixtures(t *testing.T) {
	folder := t.TempDir()
	python(t, ".venv-toolkits", "fixtures_mctq.py", folder, "pot", "uniform", "constants")
	for _, name := range []string{"pot", "uniform", "constants"} {
		for _, side := range []string{"low", "high", "mixed"} {
			file := name + "_" + side + ".onnx"
			want, err := os.ReadFile("testdata/mctq/" + file)
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
