package journal

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// journalFiles are the journal and what SQLite keeps beside it while it is open.
var journalFiles = []string{JournalFile, JournalFile + "-wal", JournalFile + "-shm"}

// journalApplication marks a SQLite file as a journal of demote, in the header where `file` and SQLite look for it
// (https://www.sqlite.org/fileformat.html, 1.3.16). The letters are DEMO.
const journalApplication = 0x44454d4f

// journalTables is what a journal holds, and all that it may hold. Every row carries a checksum, see rowSum.
var journalTables = []struct{ name, columns string }{
	{"meta", `(
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL,
	sum   BLOB NOT NULL
) WITHOUT ROWID`},
	{"scores", `(
	mask     TEXT NOT NULL,    -- character i = holder i, 1 = low
	grids    TEXT NOT NULL,    -- digest of the records that the mask chooses from; empty: those of the run
	blocks   INTEGER NOT NULL, -- judged, from the start of the resident layout
	count    INTEGER NOT NULL, -- judged correct in them; 0 for metrics that do not count
	gain     BLOB NOT NULL,    -- float64 bits, big-endian: what they gain by a metric that does not count
	total    INTEGER,          -- samples of a whole trial, 0 for metrics that do not count; null: it is unfinished
	value    BLOB,             -- float64 bits: the score of a whole trial by a metric that does not count
	outcomes BLOB,             -- a bit a sample, in the order of the data; null: not kept
	sum      BLOB NOT NULL,
	PRIMARY KEY (mask, grids)
) WITHOUT ROWID`},
	{"default_sessions", `( -- whole scores of written files in a session with nothing set
	mask  TEXT NOT NULL,
	grids TEXT NOT NULL,
	count INTEGER NOT NULL,
	total INTEGER NOT NULL, -- 0 for metrics that do not count
	value BLOB NOT NULL,    -- float64 bits
	sum   BLOB NOT NULL,
	PRIMARY KEY (mask, grids)
) WITHOUT ROWID`},
}

// A kindOfJournal is what lies in a folder under the name of a journal.
type kindOfJournal int

const (
	noJournal      kindOfJournal = iota
	OurJournal                   // of this schema or a later one
	oldJournal                   // of version 1, which had no mark
	foreignJournal               // another program's, or damaged beyond recognition
)

// JournalKind looks at a file without changing it. A link, a pipe or a folder of this name is refused.
func JournalKind(path string) (kindOfJournal, error) {
	for i, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Lstat(path + suffix)
		switch {
		case errors.Is(err, fs.ErrNotExist) && i == 0:
			return noJournal, nil
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return noJournal, mistake.Errorf("cannot look at the journal: %w; give --out another folder", err)
		case !info.Mode().IsRegular():
			return noJournal, mistake.Errorf("%s is not a regular file, which a journal must be: remove it, or give --out another folder", path+suffix)
		}
	}
	f, err := disk.OpenNoFollow(path)
	if err != nil {
		return noJournal, mistake.Errorf("cannot read the journal: %w; give --out another folder", err)
	}
	defer f.Close()
	header := make([]byte, 100)
	if _, err := io.ReadFull(f, header); err != nil || !bytes.HasPrefix(header, []byte("SQLite format 3\x00")) {
		return foreignJournal, nil
	}
	switch binary.BigEndian.Uint32(header[68:]) {
	case journalApplication:
		return OurJournal, nil
	case 0:
		if isOldJournal(path) {
			return oldJournal, nil
		}
	}
	return foreignJournal, nil
}

// isOldJournal reports whether a database is a journal of version 1.
func isOldJournal(path string) bool {
	db, err := sql.Open("sqlite", databaseName(path)+"?mode=ro&immutable=1")
	if err != nil {
		return false
	}
	defer db.Close()
	var n int
	err = db.QueryRow(`SELECT count(*) FROM meta WHERE key = 'schema' AND value = '1'`).Scan(&n)
	if err != nil || n != 1 {
		return false
	}
	return db.QueryRow(`SELECT count(*) FROM pragma_table_info('scores') WHERE name IN ('mask', 'blocks', 'count', 'sum', 'total', 'value')`).Scan(&n) == nil && n == 6
}

// databaseName returns the address of a journal for SQLite.
func databaseName(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// createJournal makes a journal with its first entries. It appears whole, on disk, or not at all.
func createJournal(path string, meta [][2]string) (err error) {
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x.tmp", filepath.Base(path), rand.Uint32()))
	defer os.Remove(temp) // if it was not renamed
	db, err := sql.Open("sqlite", databaseName(temp)+"?_pragma=journal_mode(MEMORY)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	text := fmt.Sprintf("PRAGMA application_id = %d;\nBEGIN;\n", journalApplication)
	for _, t := range journalTables {
		text += "CREATE TABLE " + t.name + " " + t.columns + ";\n"
	}
	_, err = db.Exec(text)
	for _, row := range meta {
		if err == nil {
			_, err = db.Exec(`INSERT INTO meta VALUES (?, ?, ?)`, row[0], row[1], rowSum("meta", row[0], row[1]))
		}
	}
	if err == nil {
		_, err = db.Exec("COMMIT")
	}
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err == nil {
		err = disk.SyncFolder(filepath.Dir(path))
	}
	return err
}

// OpenDB opens a journal's file for one writer. If the process is killed, nothing that was written is lost. WalSync
// decides when it is forced to disk.
func OpenDB(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", databaseName(path)+
		"?_pragma=trusted_schema(0)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, fmt.Errorf("cannot open the journal: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// checkTables sees that a journal has our tables and nothing else: no view, no trigger, no other table.
func checkTables(db *sql.DB) error {
	want := map[string]string{}
	for _, t := range journalTables {
		want[t.name] = "CREATE TABLE " + t.name + " " + t.columns
	}
	rows, err := db.Query(`SELECT name, coalesce(sql, '') FROM sqlite_schema`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return err
		}
		if want[name] != text {
			return fmt.Errorf("it holds %q, which no journal has", name)
		}
		delete(want, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(want) > 0 {
		return errors.New("it lacks a table")
	}
	var verdict string
	if err := db.QueryRow(`PRAGMA quick_check(1)`).Scan(&verdict); err != nil || verdict != "ok" {
		return errors.Join(err, fmt.Errorf("SQLite's own check says: %.100q", verdict))
	}
	return nil
}
