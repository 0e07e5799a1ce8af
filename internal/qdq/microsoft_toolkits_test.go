//go:build toolkits

package qdq_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/qdq"
)

// TestToolkitMicrosoft: files with com.microsoft's operators, of networks by several exporters and operator sets,
// pass onnx.checker with shape inference.
func TestToolkitMicrosoft(t *testing.T) {
	folder := t.TempDir()
	var paths []string
	for _, c := range [][2]string{
		{"mctq/pot_low", "mctq/pot_high"}, {"mctq/uniform_low", "mctq/uniform_high"}, {"mctq/attention_low", "mctq/attention_high"},
		{"qdq/conv21_u8", "qdq/conv21_u16"}, {"qdq/attention21_s8", "qdq/attention21_s16"},
	} {
		n, records, _, err := onnxruntest.Pair(t, "../../onnx/testdata/"+c[0]+".onnx", "../../onnx/testdata/"+c[1]+".onnx")
		if err != nil {
			t.Fatal(err)
		}
		for _, opset := range []int64{n.Opset, 17} {
			n.Opset = opset
			m, err := qdq.WriteMicrosoft(n, records, onnxruntest.Halves(len(records)))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, fmt.Sprintf("%s_%d.onnx", strings.ReplaceAll(c[0], "/", "_"), len(paths)))
			if err := m.Write(path); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
	}
	out := onnxruntest.Python(t, ".venv-toolkits", "fixtures_check.py", append([]string{"valid"}, paths...)...)
	if strings.Count(out, "valid") != len(paths) {
		t.Errorf("onnx.checker: %s", out)
	}
}
