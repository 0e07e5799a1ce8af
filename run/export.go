package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.org/demote/config"
	"example.org/demote/engine"
	"example.org/demote/internal/format"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/pair"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Export is the command export: it writes the mix of a run folder in one more format, to out, or to the folder under
// the format's own name. The run's inputs are read again, as Verify does. A file that ONNX Runtime runs is held
// against the search, unless the search has done that with the very same bytes; what it returns then goes with an
// error that matches written.ErrExport if the file does not compute what was searched.
func Export(ctx context.Context, dir, format, out string, c config.Config) (*result.Export, error) {
	if err := config.OnlyCPU(c, "export"); err != nil {
		return nil, err
	}
	if format == "" {
		return nil, mistake.Errorf("--format is missing: choose one of %s", strings.Join(config.FormatNames(), ", "))
	}
	f, err := config.Format("--format", format)
	if err != nil {
		return nil, err
	}
	if out == "" {
		out = (&journal.Folder{Path: dir}).File(f.File)
	}
	files, err := f.Files(out)
	if err != nil {
		return nil, err
	}
	if _, err := readRun(dir); err != nil {
		return nil, err
	}
	if sameFolder(filepath.Dir(out), dir) { // before the result is read: a search may be about to write another
		lock, err := journal.LockFolder(dir)
		if err != nil {
			return nil, err
		}
		defer lock.Close()
	}
	for _, path := range files {
		for _, name := range []string{path, path + ".data"} { // where a large network has its weights
			if _, err := os.Stat(name); !c.Force && !errors.Is(err, fs.ErrNotExist) {
				return nil, mistake.Errorf("%s exists; give --out another file or --force", name)
			}
		}
	}
	c.FromResult = true
	s, mask, err := reopen(ctx, dir, c)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.Config.FixShapes = s.Config.FixShapes || c.FixShapes // what is written; p.fixShapes is what was searched
	e, err := s.export(ctx, f, mask, files)
	if err != nil {
		return nil, err
	}
	if !s.Result.Finished {
		e.Warnings = append(e.Warnings, result.Warning{ID: "export-unfinished", Text: "the search has not come to its end: this is the best mix so far", Cure: "the search's own command resumes it"})
	}
	if !f.Runs {
		return e, nil
	}
	if e.Verified, err = s.checker().CheckedBefore(files[0]); err != nil || e.Verified != nil {
		return e, err
	}
	if err := s.Compile(ctx); err != nil {
		return nil, err
	}
	return e, s.checkExport(ctx, e, mask)
}

// sameFolder tells whether two paths lead to one folder.
func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	other, otherErr := os.Stat(b)
	if err != nil || otherErr != nil { // one of them is to be made
		return absolute(a) == absolute(b)
	}
	return os.SameFile(one, other)
}

// absolute is a path from the root on, or the path itself where the working folder is gone.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return filepath.Clean(path)
}

// export writes a mix in one format.
func (s *searchRun) export(ctx context.Context, f onnx.Format, mask search.Mask, files []string) (*result.Export, error) {
	mix := s.mix(mask, files[0])
	w, err := f.Write(mix)
	if err != nil {
		return nil, err
	}
	e := &result.Export{Format: f.Name, Files: files, Inexact: w.Inexact}
	if n := len(w.Inexact); n > 0 {
		e.Warnings = append(e.Warnings, result.Warning{ID: "export-inexact", Text: fmt.Sprintf("the format cannot hold the very grid of %d holders, the first is %s: they have the nearest range", n, w.Inexact[0])})
	}
	if f.Float {
		if err := mix.Network.Model.Write(files[1]); err != nil {
			return nil, err
		}
	}
	if w.Model != nil {
		if w.Model, err = s.Axes(ctx, w.Model); err != nil {
			return nil, err
		}
		return e, w.Model.Write(files[0])
	}
	if err := journal.WriteFile(files[0], w.Text); err != nil {
		return nil, mistake.Errorf("%w; give --out another file", err)
	}
	return e, nil
}

// checkExport runs an exported file and holds it against the search.
func (s *searchRun) checkExport(ctx context.Context, e *result.Export, mask search.Mask) error {
	checked, err := s.checker().Verify(ctx, mask, e.Files[0])
	if err != nil {
		return err
	}
	e.Verified = checked.Verified
	warning, err := s.checker().Judge(checked)
	if warning != nil {
		e.Warnings = append(e.Warnings, *warning)
	}
	return err
}

// exportAll writes the formats of --export at the end of a search. The files of format qdq and the
// promotion list as text are there already.
func (s *searchRun) exportAll(ctx context.Context, mask search.Mask) error {
	s.Result.Exports = nil
	for _, name := range s.Config.Export {
		f, err := config.Format("--export", name)
		if err != nil {
			return err
		}
		files, err := f.Files(s.folder.File(f.File))
		if err != nil {
			return err
		}
		var e *result.Export
		if f.File == journal.MixedFile {
			e = &result.Export{Format: name, Files: files, Verified: s.Result.Verified}
		} else if e, err = s.export(ctx, f, mask, files); err != nil {
			return fmt.Errorf("%s %s: %w", mistake.Text("--export"), name, err)
		} else if f.Runs {
			err = s.checkExport(ctx, e, mask)
		}
		s.Config.Say("written: " + strings.Join(files, ", "))
		for _, w := range e.Warnings {
			s.Warn(w.ID, name+": "+w.Text, w.Cure)
		}
		s.Result.Exports = append(s.Result.Exports, *e)
		if err != nil {
			return err
		}
	}
	return nil
}

// checkExports refuses, before anything is searched, a format that the network cannot be written in:
// what a mix is made of is in the two ends.
func (s *searchRun) checkExports() error {
	ends := []search.Mask{search.NewMask(len(s.Records)), task.LowMask(s.Network.Holders)}
	for _, name := range append([]string{"qdq"}, s.Config.Export...) {
		f, err := config.Format("--export", name)
		if err != nil {
			return err
		}
		for _, mask := range ends {
			if _, err := f.Write(s.mix(mask, f.File)); err != nil {
				return fmt.Errorf("the network cannot be written in format %s: %w", name, err)
			}
		}
	}
	return nil
}

// mix is what is written of a mask to a path.
func (s *ledger) mix(mask search.Mask, path string) format.Mix {
	low := engine.Low(mask)
	m := format.Mix{Network: pair.Chosen(s.Network, low), Records: s.Records, Low: low, High: s.Result.Promotion, Path: path}
	if s.Config.Low != "" && len(s.Network.Followed) == 0 {
		m.Pair = func() (low, high *onnx.Model, err error) {
			low, err = task.ReadNetwork(s.Config, s.Config.Low)
			return low, s.Model, err
		}
	}
	return m
}

// exportFiles are the files that a search or an export may have written into a run folder.
func exportFiles() (names []string) {
	for _, f := range onnx.Formats() {
		files, _ := f.Files(f.File)
		names = append(names, files...)
	}
	return names
}
