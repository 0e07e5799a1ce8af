package run

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

	"example.org/demote/dataset"
	"example.org/demote/disk"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// Roles of input files that no flag names: external data of the model of a role, and files that a metric command names.
const (
	roleExternal = "external data of "
	roleCommand  = "metric command"
)

// flaggedFile tells whether a flag names the file.
func flaggedFile(f result.Input) bool {
	return f.Role != roleCommand && !strings.HasPrefix(f.Role, roleExternal)
}

// keys tell input files of one run apart: the role, and of those that no flag names the file's own name too, and a number where
// several have one name, in the order of the list.
func keys(list []result.Input) []string {
	seen := map[string]int{}
	out := make([]string, len(list))
	for i, f := range list {
		key := f.Role
		if !flaggedFile(f) {
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

// fileText names an input file for the user: by its path, with its role where that is not plain.
func fileText(f result.Input) string {
	if !flaggedFile(f) {
		return fmt.Sprintf("%s (%s)", f.Path, f.Role)
	}
	return fmt.Sprintf("%s (--%s)", f.Path, f.Role)
}

// fileChanged says how a file differs from what it was; empty if its bytes are the same.
func fileChanged(f result.Input, was result.Input) string {
	size := fmt.Sprintf("%d bytes then, %d now", was.Bytes, f.Bytes)
	if f.Bytes == was.Bytes {
		size = fmt.Sprintf("other bytes, %d as before", f.Bytes)
	}
	switch {
	case f.SHA256 == was.SHA256:
		return ""
	case f.Path == was.Path:
		return fmt.Sprintf("%s has changed since the run (%s)", fileText(f), size)
	}
	return fmt.Sprintf("%s is another file than %s was (%s)", fileText(f), was.Path, size)
}

// changedInputs says what the first input file is that differs from a run's; empty if none does. Keys that ignore has are passed over.
func changedInputs(now, then []result.Input, ignore map[string]bool) string {
	was := map[string]result.Input{}
	for i, key := range keys(then) {
		if !ignore[key] {
			was[key] = then[i]
		}
	}
	for i, key := range keys(now) {
		f := now[i]
		if ignore[key] {
			continue
		}
		old, known := was[key]
		if !known {
			return fileText(f) + " was not an input of it"
		}
		if text := fileChanged(f, old); text != "" {
			return text
		}
		delete(was, key)
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		return fileText(was[key]) + " was an input of it, and is not given now"
	}
	return ""
}

// bookModel lists a model's files among the inputs.
func (p *prepared) bookModel(role string, m *onnx.Model) {
	for i, f := range m.Sources() {
		in := result.Input{Role: role, Path: f.Path, SHA256: f.SHA256, Bytes: f.Bytes}
		if i > 0 {
			in.Role = roleExternal + role
		}
		p.bookInput(in)
	}
}

// bookData lists a set's files among the inputs, its labels under a role of their own.
func (p *prepared) bookData(role string, set *dataset.Set) error {
	files, err := set.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		in := result.Input{Role: role, Path: f.Path, SHA256: f.SHA256, Bytes: f.Bytes}
		if f.Name == "labels" {
			in.Role = "labels"
			if role != "data" {
				in.Role = role + " labels"
			}
		}
		p.bookInput(in)
	}
	return nil
}

// bookFile lists a file among the inputs; none for an empty path.
func (p *prepared) bookFile(role, path string) error {
	if path == "" {
		return nil
	}
	in, err := hashFile(role, path)
	if err != nil && flaggedFile(in) {
		return mistake.Errorf("--%s: %w", role, err)
	}
	if err == nil {
		p.bookInput(in)
	}
	return err
}

// bookInput lists an input, once.
func (p *prepared) bookInput(in result.Input) {
	if !slices.ContainsFunc(p.files, func(f result.Input) bool { return f.Role == in.Role && f.Path == in.Path }) {
		p.files = append(p.files, in)
	}
}

// hashFile is a regular file's entry among the inputs.
func hashFile(role, path string) (result.Input, error) {
	in := result.Input{Role: role, Path: path}
	f, err := disk.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return in, mistake.Errorf("%s: no such file", path)
	}
	if err != nil {
		return in, mistake.Errorf("cannot read %s: %w", path, bare(err))
	}
	defer f.Close()
	h := sha256.New()
	if in.Bytes, err = io.Copy(h, f); err != nil {
		return in, mistake.Errorf("cannot read %s: %w", path, bare(err))
	}
	in.SHA256 = hex.EncodeToString(h.Sum(nil))
	return in, nil
}

// bare is an error of the system without the path, which the message has already.
func bare(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
