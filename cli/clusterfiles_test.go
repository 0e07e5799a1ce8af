package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/journal"
)

// ofPlaces are the fields of a result that tell where it was found and how long it took.
var ofPlaces = append([]string{"members", "calls", "requests"}, ofSession...)

// writtenBy are the files of a run folder by their path in it, and the journal as text. result.json is without times
// and places; the report is left out.
func writtenBy(t *testing.T, out string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(out, path)
		switch filepath.Base(path) {
		case "report.html": // the result in words
			files[name] = "there"
		case journal.JournalFile + "-wal", journal.JournalFile + "-shm": // those of one that was read
		case journal.JournalFile:
			files[name] = strings.Join(journalOf(t, path), "\n")
		default:
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if strings.HasSuffix(path, "result.json") {
				var fields map[string]any
				if err := json.Unmarshal(data, &fields); err != nil {
					return err
				}
				withoutFields(fields, ofPlaces)
				data, _ = json.MarshalIndent(fields, "", " ")
			}
			files[name] = strings.ReplaceAll(string(data), out, "OUT")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// journalOf are the rows of all tables of a journal.
func journalOf(t *testing.T, path string) (rows []string) {
	t.Helper()
	db, err := journal.OpenDB(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables, err := db.Query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	tables.Close()
	for _, name := range names {
		all, err := db.Query("SELECT * FROM " + name)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := all.Columns()
		for all.Next() {
			values, at := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				at[i] = &values[i]
			}
			if err := all.Scan(at...); err != nil {
				t.Fatal(err)
			}
			if name == "meta" && (values[0] == "now" || values[0] == "spent") { // times and work
				continue
			}
			text := name
			for i := range values {
				if b, ok := values[i].([]byte); ok {
					values[i] = fmt.Sprintf("%x", b)
				}
				text += fmt.Sprintf(" %s=%v", columns[i], values[i])
			}
			rows = append(rows, text)
		}
		all.Close()
	}
	slices.Sort(rows)
	return rows
}

// warnings are the lines of standard error that warn, each once.
func warnings(text string) (list []string) {
	for _, line := range strings.Split(text, "\n") {
		if at := strings.Index(line, "warning: "); at >= 0 && !slices.Contains(list, line[at:]) {
			list = append(list, line[at:])
		}
	}
	slices.Sort(list)
	return list
}

// sameWritten holds the files of one folder against those of another.
func sameWritten(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name := range got {
		if _, there := want[name]; !there {
			t.Errorf("%s: %s is written, and is not alone", what, name)
		}
	}
	for name, text := range want {
		other, there := got[name]
		switch {
		case !there:
			t.Errorf("%s: %s is not written", what, name)
		case other != text:
			a, b := strings.Split(other, "\n"), strings.Split(text, "\n")
			at := 0
			for at < len(a) && at < len(b) && a[at] == b[at] {
				at++
			}
			line := func(l []string) string {
				if at < len(l) {
					return l[at]
				}
				return "its end"
			}
			t.Errorf("%s: %s, line %d: %.300q, alone %.300q", what, name, at+1, line(a), line(b))
		}
	}
}
