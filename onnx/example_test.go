package onnx_test

import (
	"fmt"
	"os"
	"path/filepath"

	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// A network is read, its holders get records by hand, and a mix of one's own choice is written as QDQ.
func Example() {
	model, err := onnx.Read("../examples/fashion/model.onnx")
	if err != nil {
		fmt.Println(err)
		return
	}
	network, err := onnx.Prepare(model, onnx.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := onnx.QuantizeWeights(network); err != nil {
		fmt.Println(err)
		return
	}
	records := make([]quant.Record, len(network.Holders))
	low := make([]bool, len(network.Holders))
	for i := range records {
		r := quant.Range{Min: -8, Max: 8} // of what the tensor holds; here the same for all
		records[i].Low, _ = quant.GridOf(quant.QDQ, quant.Symmetric, 8, r)
		records[i].High, _ = quant.GridOf(quant.QDQ, quant.Symmetric, 16, r)
		low[i] = i%2 == 0
	}
	mixed, err := onnx.QDQ(network, records, low)
	if err != nil {
		fmt.Println(err)
		return
	}
	folder, err := os.MkdirTemp("", "mixed")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "mixed.onnx")
	if err := mixed.Write(path); err != nil {
		fmt.Println(err)
		return
	}
	again, err := onnx.Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(network.Holders), "holders; the file is QDQ:", again.IsQDQ())
	// Output:
	// 52 holders; the file is QDQ: true
}
