package files

import (
	"strings"
	"testing"
)

// TestFullFolder says what a folder lacks, and how another is named.
func TestFullFolder(t *testing.T) {
	dir := t.TempDir()
	full := NewSpool(dir)
	full.Space = func() (int64, bool) { return 10, true }
	for _, want := range []string{"needs 11 bytes to unpack, and " + dir + " has 10 free: give --spool a folder with more room", "set TMPDIR to a folder with more room"} {
		if err := full.CheckSpace(11); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		full.dir = ""
	}
}
