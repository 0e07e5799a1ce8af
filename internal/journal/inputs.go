package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.org/demote/disk"
	"example.org/demote/mistake"
	"example.org/demote/result"
)

// Roles of input files that no flag names: external data of the model of a role, and files that a metric command
// names.
const (
	RoleExternal = "external data of "
	RoleCommand  = "metric command"
)

// FlaggedFile reports whether a flag names the file.
func FlaggedFile(f result.Input) bool {
	return f.Role != RoleCommand && !strings.HasPrefix(f.Role, RoleExternal)
}

// Keys returns a unique key for each input file of a run: its role, and for files without a flag their own name too,
// with a number if several have the same name, in the order of the list.
func Keys(list []result.Input) []string {
	seen := map[string]int{}
	out := make([]string, len(list))
	for i, f := range list {
		key := f.Role
		if !FlaggedFile(f) {
			key += " " + filepath.Base(f.Path)
		}
		seen[key]++
		if n := seen[key]; n > 1 {
			key += fmt.Sprintf(" #%d", n)
		}
		out[i] = key
	}
	return out
}

// FileText names an input file for the user: by its path, and by its role if that is not obvious.
func FileText(f result.Input) string {
	if !FlaggedFile(f) {
		return fmt.Sprintf("%s (%s)", f.Path, f.Role)
	}
	return fmt.Sprintf("%s (--%s)", f.Path, f.Role)
}

// FileChanged says how a file has changed; empty if its bytes are the same.
func FileChanged(f result.Input, was result.Input) string {
	size := fmt.Sprintf("%d bytes then, %d now", was.Bytes, f.Bytes)
	if f.Bytes == was.Bytes {
		size = fmt.Sprintf("other bytes, %d as before", f.Bytes)
	}
	switch {
	case f.SHA256 == was.SHA256:
		return ""
	case f.Path == was.Path:
		return fmt.Sprintf("%s has changed since the run (%s)", FileText(f), size)
	}
	return fmt.Sprintf("%s is another file than %s was (%s)", FileText(f), was.Path, size)
}

// changedInputs says what the first input file is that differs from a run's; empty if none does. Keys that ignore has
// are passed over.
func changedInputs(now, then []result.Input, ignore map[string]bool) string {
	was := map[string]result.Input{}
	for i, key := range Keys(then) {
		if !ignore[key] {
			was[key] = then[i]
		}
	}
	for i, key := range Keys(now) {
		f := now[i]
		if ignore[key] {
			continue
		}
		old, known := was[key]
		if !known {
			return FileText(f) + " was not an input of it"
		}
		if text := FileChanged(f, old); text != "" {
			return text
		}
		delete(was, key)
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		return FileText(was[key]) + " was an input of it, and is not given now"
	}
	return ""
}

// HashFile returns the entry of a regular file for the list of inputs.
func HashFile(role, path string) (result.Input, error) {
	in := result.Input{Role: role, Path: path}
	f, err := disk.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return in, mistake.Errorf("%s: no such file", path)
	}
	if err != nil {
		return in, mistake.Errorf("cannot read %s: %w", path, Bare(err))
	}
	defer f.Close()
	h := sha256.New()
	if in.Bytes, err = io.Copy(h, f); err != nil {
		return in, mistake.Errorf("cannot read %s: %w", path, Bare(err))
	}
	in.SHA256 = hex.EncodeToString(h.Sum(nil))
	return in, nil
}

// Bare returns an error of the system without its path, for messages that have the path already.
func Bare(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
