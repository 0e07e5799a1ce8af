package segments

import "testing"

func TestConfuses(t *testing.T) {
	for version, want := range map[string]bool{"1.24.4": true, "1.26.0": true, "1.31.9": true, "1.32.0": false, "1.40.1": false, "2.1.0": false, "": false} {
		if confuses(version) != want {
			t.Errorf("%q: %v", version, !want)
		}
	}
}
