package onnx

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestOlderOperatorTableIsComplete compares the table with the schemas of the Python package onnx.
func TestOlderOperatorTableIsComplete(t *testing.T) {
	f, err := os.Open("testdata/opset_older.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := make(map[string]bool)
	for s := bufio.NewScanner(f); s.Scan(); {
		words := strings.Fields(s.Text())
		if words[0] == "#" {
			continue
		}
		op := words[0]
		seen[op] = true
		h, ok := olderOperators[op]
		if !ok {
			t.Errorf("%s is not in the table", op)
			continue
		}
		if len(h) != len(words)-1 {
			t.Errorf("%s has %d changes, want %v", op, len(h), words[1:])
		}
		for _, w := range words[1:] {
			v, err := strconv.ParseInt(strings.TrimPrefix(w, "-"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			change, ok := h[v]
			if !ok {
				t.Errorf("%s: its change at %d is not in the table", op, v)
			}
			if w[0] == '-' && change.up == nil {
				t.Errorf("%s: it is gone from %d on, and stays", op, v)
			}
		}
	}
	for op := range olderOperators {
		if !seen[op] {
			t.Errorf("%s is in the table and not in the schemas", op)
		}
	}
}
