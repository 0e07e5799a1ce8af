package run

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"example.org/demote/result"
)

// mostSiblings bounds how many folders beside a run's own are looked into.
const mostSiblings = 1000

// usedBefore tells which other runs have looked at the same hold-out, as far as can be seen: earlier ones in this
// folder, and those in the folders beside it.
func (s *searching) usedBefore() ([]string, error) {
	var list []string
	n, err := s.journal.AskedBefore(s.holdout.id)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		list = append(list, fmt.Sprintf("%s, overwritten since (runs: %d)", s.folder.Path, n))
	}
	own, err := filepath.Abs(s.folder.Path)
	if err != nil {
		return list, nil
	}
	found, err := filepath.Glob(filepath.Join(escapeGlob(filepath.Dir(own)), "*", result.File))
	if err != nil {
		return list, nil
	}
	slices.Sort(found)
	for _, path := range found[:min(len(found), mostSiblings)] {
		var r struct {
			Holdout *struct {
				SHA256 string `json:"sha256"`
			} `json:"holdout"`
		}
		data, err := result.Read(filepath.Dir(path))
		if err != nil || sameFolder(filepath.Dir(path), own) || json.Unmarshal(data, &r) != nil {
			continue
		}
		if r.Holdout != nil && r.Holdout.SHA256 == s.holdout.id {
			list = append(list, filepath.Join(filepath.Dir(s.folder.Path), filepath.Base(filepath.Dir(path))))
		}
	}
	return list, nil
}

// escapeGlob makes a path match only itself.
func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}
