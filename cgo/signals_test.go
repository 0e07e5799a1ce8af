package cgo

import (
	"strings"
	"testing"
)

// TestGoFaultsStayGos holds that a fault of Go code is a panic again behind DieOfFaults, and ends no process.
func TestGoFaultsStayGos(t *testing.T) {
	ran := false
	DieOfFaults(func() { ran = true })
	defer func() {
		if err, ok := recover().(error); !ran || !ok || !strings.Contains(err.Error(), "nil pointer") {
			t.Errorf("ran %v, %v", ran, err)
		}
	}()
	var none *Session
	none.inputs = nil
}
