package config

import "testing"

// TestRepairText holds that the same repairs are one choice, in whatever order and with spaces.
func TestRepairText(t *testing.T) {
	for text, want := range map[string]string{"weights, equalize": "equalize,weights", "equalize,weights": "equalize,weights", "auto": "auto", "none": "none", "": ""} {
		if got := (Config{Repair: text}).RepairText(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
