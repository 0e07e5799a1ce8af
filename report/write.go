package report

import (
	"fmt"
	"path/filepath"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// Write makes report.html of a run folder, in it. A previous page is replaced atomically: whoever reads it sees the old
// one or the new one, whole. A folder that is not a run's is mistake.Err, and nothing is written.
func Write(dir string) error {
	r := Read(dir)
	if !r.Shown() {
		return mistake.Errorf("%s: %s", dir, r.Problems[0])
	}
	return WriteFile(filepath.Join(dir, File), r)
}

// WriteFile makes a page of runs that were read.
func WriteFile(path string, runs ...*Run) error {
	data, err := pageOf(runs...)
	if err != nil {
		return fmt.Errorf("cannot make %s: %w", path, err)
	}
	if err := disk.Replace(disk.Cached, disk.Bytes(path, data)); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}
