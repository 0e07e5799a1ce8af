//go:build cuda

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// includeTests adds the outcome of every top-level test in a file that `go test -json` wrote. An error is a file that
// holds none.
func includeTests(r *Report, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	said := map[string]string{}
	tests := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &event) != nil || event.Test == "" {
			continue // a line of the build, or of the package
		}
		top, _, _ := strings.Cut(event.Test, "/")
		switch event.Action {
		case "output":
			if text := strings.TrimSpace(event.Output); strings.Contains(text, ".go:") && len(said[top]) < 2000 {
				said[top] += text + "; "
			}
		case "pass", "fail":
			if event.Test == top {
				tests++
				r.add("test "+top, event.Action == "pass", "%s", strings.TrimSuffix(event.Action+": "+said[top], ": "))
			}
		}
	}
	if tests == 0 {
		return fmt.Errorf("%s holds no outcome of a test: did the tests compile?", path)
	}
	return lines.Err()
}
