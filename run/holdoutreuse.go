package run

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/report"
)

// Keys of a journal that tell of hold-outs: those that this run has asked, and those that runs before it in the same
// folder had, which --force gave up.
const (
	askedKey  = "asked hold-out "
	beforeKey = "asked before: hold-out "
)

// Asked books that the run looks at a hold-out. That the same run looks again after an interruption is no second use.
func (j *Journal) Asked(id string) error {
	return j.setMeta(askedKey+id, "1")
}

// askedBefore is how often runs that --force gave up had asked a hold-out.
func (j *Journal) askedBefore(id string) (int, error) {
	meta, err := j.meta()
	if err != nil {
		return 0, err
	}
	n, _ := strconv.Atoi(meta[beforeKey+id])
	return n, nil
}

// keepUses books what the journal before this one knew.
func (j *Journal) keepUses(uses map[string]int) error {
	for id, n := range uses {
		if err := j.setMeta(beforeKey+id, strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return nil
}

// usesOf reads from the journal of a folder how often each hold-out was asked; nothing of one that cannot be read.
func usesOf(f *Folder) map[string]int {
	path := f.File(JournalFile)
	if kind, err := journalKind(path); err != nil || kind != ourJournal {
		return nil
	}
	db, err := openDB(path)
	if err != nil {
		return nil
	}
	defer db.Close()
	if checkTables(db) != nil {
		return nil
	}
	meta, err := (&Journal{path: path, db: db}).meta()
	if err != nil {
		return nil
	}
	uses := map[string]int{}
	for key, value := range meta {
		if id, ok := strings.CutPrefix(key, askedKey); ok {
			uses[id]++
		} else if id, ok := strings.CutPrefix(key, beforeKey); ok {
			n, _ := strconv.Atoi(value)
			uses[id] += n
		}
	}
	return uses
}

// mostSiblings bounds how many folders beside a run's own are looked into.
const mostSiblings = 1000

// usedBefore tells which other runs have looked at the same hold-out, as far as can be seen: earlier ones in this folder,
// and those in the folders beside it.
func (s *searching) usedBefore() ([]string, error) {
	var list []string
	n, err := s.journal.askedBefore(s.holdout.id)
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
	found, err := filepath.Glob(filepath.Join(escapeGlob(filepath.Dir(own)), "*", ResultFile))
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
		data, err := report.ReadResult(filepath.Dir(path))
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
