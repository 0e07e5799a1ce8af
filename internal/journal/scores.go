package journal

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.org/demote/mistake"
	"example.org/demote/result"
)

// pathSettings are the settings of a fingerprint that decide which scores a search asks for, and change none.
var pathSettings = []string{"target", "strategy", "chain", "multiplier", "budget", "int16 share", "cost budget", "pins", "groups", "cost", "session", "curve", "confidence", "proof", "ladder"}

// pathRoles are the inputs of which the same holds.
var pathRoles = []string{"profile", "cost", "start", "holdout"}

// Scores is the part of a fingerprint that a score depends on. Runs that have it in common have their scores in common,
// if they have chosen the same ranges too.
func (f Fingerprint) Scores() Fingerprint {
	own := Fingerprint{Settings: maps.Clone(f.Settings), Written: f.Written}
	for _, key := range pathSettings {
		delete(own.Settings, key)
	}
	share := strings.HasSuffix(own.Settings["held out"], "%") // the seed says which samples it takes out
	if !share {
		delete(own.Settings, "held out")
	}
	if !share && own.Settings["limit"] == "0" {
		delete(own.Settings, "seed")
	}
	own.Inputs = slices.DeleteFunc(slices.Clone(f.Inputs), func(in result.Input) bool { return slices.Contains(pathRoles, in.Role) })
	return own
}

// ReadScores opens the journal of another run to read what it knows, whether or not that run has ended. Whoever calls
// it has the folder's lock, and closes the journal.
func ReadScores(dir string) (*Journal, Fingerprint, error) {
	path := filepath.Join(dir, JournalFile)
	switch kind, err := JournalKind(path); {
	case err != nil:
		return nil, Fingerprint{}, err
	case kind != OurJournal:
		return nil, Fingerprint{}, mistake.Errorf("%s: it holds no journal of this version of demote, and so no scores", dir)
	}
	db, err := OpenDB(path)
	if err != nil {
		return nil, Fingerprint{}, err
	}
	j := &Journal{Path: path, DB: db}
	theirs, err := j.readFingerprint()
	if err != nil {
		j.Close()
		return nil, theirs, err
	}
	return j, theirs, nil
}

func (j *Journal) readFingerprint() (f Fingerprint, err error) {
	if err := checkTables(j.DB); err != nil {
		return f, j.cannotRead(err)
	}
	meta, err := j.meta()
	if err != nil {
		return f, err
	}
	if meta[schemaKey] != journalSchema {
		return f, mistake.Errorf("%s: the journal has schema %.20q, this program reads %q: its scores cannot be taken over", j.Path, meta[schemaKey], journalSchema)
	}
	if json.Unmarshal([]byte(meta[FingerprintKey]), &f) != nil {
		return f, j.damaged("its fingerprint cannot be read")
	}
	return f, nil
}

// RunsIn lists the run folders with scores that a path names: itself, or those of a list of targets in it.
func RunsIn(dir string) []string {
	if kind, err := JournalKind(filepath.Join(dir, JournalFile)); err == nil && kind == OurJournal {
		return []string{dir}
	}
	found, err := filepath.Glob(filepath.Join(EscapeGlob(dir), "*", JournalFile))
	if err != nil {
		return nil
	}
	var list []string
	for _, path := range found {
		if kind, err := JournalKind(path); err == nil && kind == OurJournal {
			list = append(list, filepath.Dir(path))
		}
	}
	return list
}

// StepsIn lists the folders of first steps in those of a list of ladders, also of ladders that have not begun.
func StepsIn(dir string) []string {
	found, err := filepath.Glob(filepath.Join(EscapeGlob(dir), "*", StepFolder))
	if err != nil {
		return nil
	}
	return found
}

// EscapeGlob makes a path match only itself.
func EscapeGlob(path string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(path)
}

// CheckList sees that a folder is new, or holds runs of a list's targets and nothing else. The error is a mistake.Err
// and names the difference.
func CheckList(dir string, targets []string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return mistake.Errorf("cannot read the run folder: %w; give --out another one", err)
	}
	if kind, err := JournalKind(filepath.Join(dir, JournalFile)); err != nil || kind != noJournal || isResult(dir) {
		return mistake.Errorf("%s: the folder holds a run of one target, and a list needs a folder of its own; give --out a new folder, and --reuse %s to keep what that run knows", dir, dir)
	}
	for _, e := range entries {
		name := e.Name()
		sub := &Folder{Path: filepath.Join(dir, name)}
		switch {
		case slices.Contains(targets, name) && e.IsDir(), name == CurveFile, name == reportFile, leftover(name):
			continue
		case !e.IsDir():
		default:
			if held, err := sub.HoldsRun(); err == nil && held {
				return mistake.Errorf("%s: the folder holds another list, with the target %s; add it to --target, or give --out a new folder", dir, name)
			}
		}
		return mistake.Errorf("%s: the folder is not empty and holds no run of demote; give --out a new folder", dir)
	}
	return nil
}
