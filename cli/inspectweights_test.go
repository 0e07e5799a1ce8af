package cli

import (
	"bytes"
	"strings"
	"testing"

	"example.org/demote/result"
	"example.org/demote/run"
)

// TestWeightTable: weights are listed with the layers that read them and both of their widths.
func TestWeightTable(t *testing.T) {
	var b bytes.Buffer
	weightTable(&b, []run.InspectedHolder{{Name: "fc.weight", Index: 7, Consumers: []string{"/fc/Gemm"}, Weights: &result.Widths{Low: "int4", High: "int16"}}})
	if want := "#  weights    read by   low   high\n7  fc.weight  /fc/Gemm  int4  int16\n"; strings.ReplaceAll(b.String(), " \n", "\n") != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
