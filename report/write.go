package report

import (
	"fmt"
	"os"
	"path/filepath"
)

// Write makes report.html of a run folder, in it. A page of before is replaced at once: whoever reads it sees the old one or
// the new one, whole. A folder that is not a run's is ErrInput, and nothing is written.
func Write(dir string) error {
	r := Read(dir)
	if !r.Shown() {
		return fmt.Errorf("%w: %s: %s", ErrInput, dir, r.Problems[0])
	}
	return WriteFile(filepath.Join(dir, File), r)
}

// WriteFile makes a page of runs that were read.
func WriteFile(path string, runs ...*Run) error {
	data, err := HTML(runs...)
	if err != nil {
		return fmt.Errorf("cannot make %s: %w", path, err)
	}
	if err := replace(path, data); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

// replace puts a file in place at once, through a temporary one beside it.
func replace(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Chmod(0o644)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	return err
}
