package quant_test

import (
	"fmt"

	"example.org/demote/quant"
)

// A record by hand: the values of a tensor, its range, and a grid of 8 and one of 16 bits for it.
func ExampleRecord() {
	observer := quant.NewObserver(quant.MinMax)
	observer.Observe(0, []float32{-0.5, 0.1, 1.25})
	var record quant.Record
	for bits, grid := range map[int]*quant.Grid{8: &record.Low, 16: &record.High} {
		r, err := observer.Range(quant.MinMax, quant.Asymmetric, bits)
		if err == nil {
			*grid, err = quant.GridOf(quant.QDQ, quant.Asymmetric, bits, r)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Printf("%.4f in 8 bits, %.4f in 16\n", record.Low.Value(0.1), record.High.Value(0.1))
	// Output:
	// 0.1029 in 8 bits, 0.1000 in 16
}

// A grid from a scale and a zero point, as a QDQ file has them.
func ExampleFromScale() {
	grid, err := quant.FromScale(quant.QDQ, 0.25, 0, 8, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(grid.Code(1.1), grid.Value(1.1), grid.Value(100))
	// Output:
	// 4 1 31.75
}
