package task

import (
	"slices"

	"example.org/demote/dataset"
	"example.org/demote/internal/journal"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// bookModel lists a model's files among the inputs.
func (p *Task) bookModel(role string, m *onnx.Model) {
	for i, f := range m.Sources() {
		in := result.Input{Role: role, Path: f.Path, SHA256: f.SHA256, Bytes: f.Bytes}
		if i > 0 {
			in.Role = journal.RoleExternal + role
		}
		p.bookInput(in)
	}
}

// BookData lists a set's files among the inputs, its labels under a role of their own.
func (p *Task) BookData(role string, set *dataset.Set) error {
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

// BookFile lists a file among the inputs; none for an empty path.
func (p *Task) BookFile(role, path string) error {
	if path == "" {
		return nil
	}
	in, err := journal.HashFile(role, path)
	if err != nil && journal.FlaggedFile(in) {
		return mistake.Errorf("--%s: %w", role, err)
	}
	if err == nil {
		p.bookInput(in)
	}
	return err
}

// bookInput lists an input, once.
func (p *Task) bookInput(in result.Input) {
	if !slices.ContainsFunc(p.Files, func(f result.Input) bool { return f.Role == in.Role && f.Path == in.Path }) {
		p.Files = append(p.Files, in)
	}
}
