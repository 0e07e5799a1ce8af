package written

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"slices"

	"example.org/demote/disk"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/record"
	"example.org/demote/mistake"
	"example.org/demote/result"
)

// CheckedBefore returns what the search itself has found of the very bytes that lie at a path, on a machine of this
// kind, if nothing was amiss with them; nil where the file has to be checked. It believes the folder's result, as
// verify does not.
func (s *Checker) CheckedBefore(path string) (*result.Verified, error) {
	if s.Elsewhere != "" || s.Unscored != "" || s.Command != nil || s.Result.Score.Mixed == nil {
		return nil, nil // a command may give another score of the same bytes
	}
	sum, err := sumOfWritten(path)
	if err != nil {
		return nil, err
	}
	all := []*result.Verified{s.Result.Verified}
	for _, e := range s.Result.Exports {
		all = append(all, e.Verified)
	}
	for _, v := range all {
		if v != nil && v.SHA256 == sum && s.nothingAmiss(v) {
			before := *v
			before.Before = true
			return &before, nil
		}
	}
	return nil, nil
}

// nothingAmiss tells whether a check has nothing to warn of: the bits and the score are the search's, however the
// file is run, and a default session runs it.
func (s *Checker) nothingAmiss(v *result.Verified) bool {
	mixed := s.Result.Score.Mixed
	file := result.Score{Correct: v.Correct, Total: mixed.Total, Value: v.Value}
	return v.Identical && v.Unscored == "" && (v.DefaultCorrect != nil || v.DefaultValue != nil) &&
		closeScores(record.Search(mixed, s.Metric.Lower), record.Search(&file, s.Metric.Lower), s.exact()) &&
		!slices.ContainsFunc(v.AsWritten, func(a result.AsWritten) bool { return a.Differ > 0 })
}

// sumOfWritten is the sha256 of a network's file and, behind it, of the file beside it that has its weights, where
// there is one.
func sumOfWritten(path string) (string, error) {
	h := sha256.New()
	for _, name := range []string{path, path + ".data"} {
		f, err := disk.Open(name)
		if errors.Is(err, fs.ErrNotExist) && name != path {
			continue
		}
		if err == nil {
			_, err = io.Copy(h, f)
			f.Close()
		}
		if err != nil {
			return "", mistake.Errorf("cannot read %s: %w", name, journal.Bare(err))
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
