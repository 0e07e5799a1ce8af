package run_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"example.org/demote/config"
	"example.org/demote/run"
)

// A whole run without the program: calibrate, search, export and check, into a run folder. ONNX Runtime has to be
// open: run.OpenRuntime("") looks for it as the program does.
func ExampleSearch() {
	folder, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	c := config.DefaultConfig()
	c.Model, c.Calib, c.Data = "../examples/fashion/model.onnx", "../examples/fashion/calib.npz", "../examples/fashion/eval.npz"
	c.Limit, c.Target, c.Out = 40, "16bit-0.1", filepath.Join(folder, "out")
	found, err := run.Search(context.Background(), c)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = os.Stat(filepath.Join(folder, "out", "mixed.onnx"))
	fmt.Println(len(found.Holders), "holders; met:", found.Met, "equal:", found.Verified.Identical, err)
	// Output:
	// 52 holders; met: true equal: true <nil>
}
