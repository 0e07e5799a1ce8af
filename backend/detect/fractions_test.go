package detect

import (
	"strings"
	"testing"
)

// TestAnchorsAsFractions: anchors of YOLOv5 that are fractions of the image are refused, as those of SSD are.
func TestAnchorsAsFractions(t *testing.T) {
	v := View{Width: 96, Height: 64, Anchors: []float64{.1, .1, .2, .3}}
	dims := [][]int64{{14, 8, 12}}
	if _, err := newAnchored(dims, v); err == nil || !strings.Contains(err.Error(), "multiply them by 96 and 64") {
		t.Error(err)
	}
	v.Anchors = []float64{10, 10, 20, 30}
	if _, err := newAnchored(dims, v); err != nil {
		t.Error(err)
	}
}
