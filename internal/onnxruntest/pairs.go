package onnxruntest

import (
	"testing"

	"example.org/demote/internal/aimet"
	"example.org/demote/internal/network"
	"example.org/demote/internal/pair"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// Side reads one file of a pair: MCTQ where it has such nodes, else QDQ.
func Side(t testing.TB, path string, f quant.Formula) (*network.Network, []quant.Grid) {
	t.Helper()
	n, g, err := onnx.ReadQuantized(Read(t, path), f)
	if err != nil {
		t.Fatal(err)
	}
	return n, g
}

// Pair reads and joins the two files of a pair.
func Pair(t testing.TB, low, high string) (*network.Network, []quant.Record, *pair.Report, error) {
	t.Helper()
	l, lg := Side(t, low, quant.QDQ)
	h, hg := Side(t, high, quant.QDQ)
	return pair.Join(l, h, lg, hg)
}

// Halves demotes every second holder.
func Halves(n int) []bool {
	low := make([]bool, n)
	for i := range low {
		low[i] = i%2 == 0
	}
	return low
}

// Encoded applies the fixture of an encodings file to its float network.
func Encoded(t testing.TB, network, file string) (*network.Network, []quant.Grid) {
	t.Helper()
	e, err := aimet.Read("../../onnx/testdata/encodings/" + file + ".json")
	if err != nil {
		t.Fatal(err)
	}
	n, grids, err := e.Apply(Read(t, "../../onnx/testdata/encodings/"+network+".onnx"))
	if err != nil {
		t.Fatal(err)
	}
	return n, grids
}
