package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.org/demote/report"
)

// A page of a run folder, also of one that is damaged: what cannot be read is named.
func ExampleWriteFile() {
	folder, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	result := `{"schema_version": 2, "metric": "top1", "holders": [{"name": "a", "precision": "int8"}, {"name"`
	if err := os.WriteFile(filepath.Join(folder, "result.json"), []byte(result), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	run := report.Read(folder)
	fmt.Println(run.Problems[0])
	path := filepath.Join(folder, "report.html")
	err = report.WriteFile(path, run)
	page, _ := os.ReadFile(path)
	fmt.Println(strings.HasPrefix(string(page), "<!DOCTYPE html>"), err)
	// Output:
	// result.json: damaged at byte 87 in field "holders": the file ends early; what stands before it is shown
	// true <nil>
}
