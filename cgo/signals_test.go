package cgo

import (
	"strings"
	"testing"
)

// TestGoFaultsStayGos holds that a fault of Go code is a panic again after FaultsKill, and kills no process.
func TestGoFaultsStayGos(t *testing.T) {
	ran := false
	FaultsKill(func() { ran = true })
	defer func() {
		if err, ok := recover().(error); !ran || !ok || !strings.Contains(err.Error(), "nil pointer") {
			t.Errorf("ran %v, %v", ran, err)
		}
	}()
	var none *Session
	none.inputs = nil
}
