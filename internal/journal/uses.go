package journal

import (
	"strconv"
	"strings"
)

// Keys of a journal that tell of hold-outs: those that this run has asked, and those that runs before it in the same
// folder had, which --force gave up.
const (
	askedKey  = "asked hold-out "
	beforeKey = "asked before: hold-out "
)

// Asked records that the run evaluates on a hold-out. A second time, after an interruption, is not a second use.
func (j *Journal) Asked(id string) error {
	return j.SetMeta(askedKey+id, "1")
}

// AskedBefore returns how often runs that --force replaced have used a hold-out.
func (j *Journal) AskedBefore(id string) (int, error) {
	meta, err := j.meta()
	if err != nil {
		return 0, err
	}
	n, _ := strconv.Atoi(meta[beforeKey+id])
	return n, nil
}

// KeepUses stores the uses of hold-outs from the journal before this one.
func (j *Journal) KeepUses(uses map[string]int) error {
	for id, n := range uses {
		if err := j.SetMeta(beforeKey+id, strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return nil
}

// UsesOf reads from the journal of a folder how often each hold-out was used; nil if it cannot be read.
func UsesOf(f *Folder) map[string]int {
	path := f.File(JournalFile)
	if kind, err := JournalKind(path); err != nil || kind != OurJournal {
		return nil
	}
	db, err := OpenDB(path)
	if err != nil {
		return nil
	}
	defer db.Close()
	if checkTables(db) != nil {
		return nil
	}
	meta, err := (&Journal{Path: path, DB: db}).meta()
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
