package run_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"example.org/demote/internal/journal"
	"example.org/demote/run"
)

// A whole run without the program: calibrate, search, export and check, into a run folder. ONNX Runtime has to be open:
// run.OpenRuntime("") looks for it as the program does.
func ExampleSearch() {
	folder, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	found, err := run.Search(context.Background(), run.Config{
		Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Limit: 40, Target: "16bit-0.1", Out: filepath.Join(folder, "out"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = os.Stat(filepath.Join(folder, "out", journal.MixedFile))
	fmt.Println(len(found.Holders), "holders; met:", found.Met, "equal:", found.Verified.Identical, err)
	// Output:
	// 52 holders; met: true equal: true <nil>
}
