package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.org/demote/mistake"
	"example.org/demote/report"
)

// Report is the command report: one page about one run folder or several, side by side. It is written to out, which
// is not overwritten without force; with one folder out may be empty: the page is the report.html of that folder,
// which is replaced. It returns where the page is, and what could not be read of the folders, a line each. That no
// folder holds anything of a run is the user's mistake.
func Report(dirs []string, out string, force bool) (path string, notes []string, err error) {
	if len(dirs) == 0 {
		return "", nil, mistake.Errorf("give one run folder or several: demote report DIR...")
	}
	if path = out; out == "" && len(dirs) > 1 {
		return "", nil, mistake.Errorf("--out is missing: several run folders need a file for their common page, --out FILE.html")
	} else if out == "" {
		path = filepath.Join(dirs[0], report.File)
	} else if _, err := os.Stat(out); !force && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, mistake.Errorf("%s exists; give --out another file or --force", out)
	}
	var runs []*report.Run
	shown := 0
	for _, dir := range dirs {
		r := report.Read(dir)
		for _, p := range r.Problems {
			notes = append(notes, dir+": "+p)
		}
		if r.Shown() {
			shown++
		}
		runs = append(runs, r)
	}
	if shown == 0 {
		return "", nil, mistake.Errorf("%s%s", notes[0], map[bool]string{true: "; so are the others"}[len(dirs) > 1])
	}
	if err := report.WriteFile(path, runs...); err != nil {
		return "", nil, mistake.Errorf("%w", err)
	}
	return path, notes, nil
}

// writeReport writes the page of the run folder. A page that cannot be written costs no result: it is a warning.
func (s *runFolder) writeReport() {
	if err := report.Write(s.folder.Path); err != nil {
		s.Config.Say(fmt.Sprintf("warning: %v; `demote report` makes it again", err))
	}
}
