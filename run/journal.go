package run

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"

	"modernc.org/sqlite" // the driver "sqlite", in pure Go
	sqlite3 "modernc.org/sqlite/lib"

	"demote/backend/bounds"
	"demote/search"
)

// journalSchema is raised whenever a journal of before must not be read any more.
const journalSchema = "1"

// A Journal keeps every score that a run has learnt, whole or as far as it was run, in one SQLite
// file. A process killed at any instant loses at most the trial in flight.
type Journal struct {
	path   string
	db     *sql.DB
	insert *sql.Stmt
}

const journalTables = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scores (
	mask   TEXT PRIMARY KEY, -- character i = holder i, 1 = low
	blocks INTEGER NOT NULL, -- judged, from the start of the resident layout
	count  INTEGER NOT NULL, -- judged correct in them; 0 for metrics that do not count
	sum    BLOB NOT NULL,    -- float64 bits, big-endian: what they gain by a metric that does not count
	total  INTEGER,          -- samples of a whole trial, 0 for metrics that do not count; null: it is unfinished
	value  BLOB              -- float64 bits: the score of a whole trial by a metric that does not count
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS default_sessions ( -- whole scores of written files in a session with nothing set
	mask  TEXT PRIMARY KEY,
	count INTEGER NOT NULL,
	total INTEGER NOT NULL, -- 0 for metrics that do not count
	value BLOB NOT NULL     -- float64 bits
) WITHOUT ROWID;`

// OpenJournal opens or makes the journal of a run. Its fingerprint is written once; a journal with
// another one, or of a finished run, is refused with a line that says what differs.
func OpenJournal(path string, print Fingerprint) (*Journal, error) {
	db, err := openDB(path)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: path, db: db}
	if err := j.begin(path, print); err != nil {
		db.Close()
		return nil, err
	}
	return j, nil
}

// openDB opens a journal's file for one writer. Of a killed process nothing that was written is lost.
func openDB(path string) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("cannot open the journal: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func (j *Journal) begin(path string, print Fingerprint) error {
	if _, err := j.db.Exec(journalTables); refused(err) {
		return j.cannotWrite(err)
	} else if err != nil {
		return mistakef("%s: not a journal of demote, or damaged: %w; give --out a new folder or --force", path, err)
	}
	text, err := json.Marshal(print)
	if err != nil {
		return err
	}
	_, err = j.db.Exec(`INSERT OR IGNORE INTO meta VALUES ('schema', ?), ('fingerprint', ?), ('state', 'running')`,
		journalSchema, string(text))
	if err != nil {
		return j.cannotWrite(err)
	}
	meta, err := j.meta()
	if err != nil {
		return err
	}
	if meta["schema"] != journalSchema {
		return mistakef("%s: the journal has schema %q, this program writes %q; give --out a new folder or --force", path, meta["schema"], journalSchema)
	}
	var theirs Fingerprint
	if err := json.Unmarshal([]byte(meta["fingerprint"]), &theirs); err != nil {
		return mistakef("%s: the journal's fingerprint is damaged; give --out a new folder or --force", path)
	}
	if key, mine, other := print.Differs(theirs); key != "" {
		return mistakef("%s: the folder holds another run, with %s %q and not %q; give --out a new folder or --force", path, key, other, mine)
	}
	if meta["state"] != "running" {
		return mistakef("%s: the folder holds a finished run; give --out a new folder or --force", path)
	}
	j.insert, err = j.db.Prepare(`INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (mask) DO UPDATE SET blocks = excluded.blocks, count = excluded.count, sum = excluded.sum,
			total = excluded.total, value = excluded.value
		WHERE scores.total IS NULL AND (excluded.total IS NOT NULL OR excluded.blocks > scores.blocks)`)
	return err
}

func (j *Journal) meta() (map[string]string, error) {
	rows, err := j.db.Query(`SELECT key, value FROM meta`)
	if err != nil {
		return nil, fmt.Errorf("cannot read the journal: %w", err)
	}
	defer rows.Close()
	meta := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		meta[k] = v
	}
	return meta, rows.Err()
}

// Load hands every whole score to whole, and how far every other trial has come to part.
func (j *Journal) Load(whole func(search.Mask, search.Score), part func(search.Mask, bounds.Progress)) error {
	rows, err := j.db.Query(`SELECT mask, blocks, count, sum, total, value FROM scores`)
	if err != nil {
		return fmt.Errorf("cannot read the journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		var p bounds.Progress
		var sum, value []byte
		var total sql.NullInt64
		if err := rows.Scan(&text, &p.Blocks, &p.Count, &sum, &total, &value); err != nil {
			return fmt.Errorf("cannot read the journal: %w", err)
		}
		mask, err := search.ParseMask(text)
		if err != nil {
			return fmt.Errorf("the journal is damaged: %w", err)
		}
		if p.Sum, err = floatOf(sum); err != nil {
			return err
		}
		if !total.Valid {
			part(mask, p)
			continue
		}
		s := search.Score{Count: p.Count, Total: int(total.Int64)}
		if s.Total == 0 {
			if s.Value, err = floatOf(value); err != nil {
				return err
			}
		}
		whole(mask, s)
	}
	return rows.Err()
}

// Learnt keeps a whole score.
func (j *Journal) Learnt(mask search.Mask, s search.Score) error {
	return j.save(mask, bounds.Progress{Count: s.Count}, s.Total, bitsOf(s.Value))
}

// Stopped keeps how far a trial has come.
func (j *Journal) Stopped(mask search.Mask, p bounds.Progress) error {
	return j.save(mask, p, nil, nil)
}

// ForgetUnfinished drops how far unfinished trials have come: it is told in blocks, and they have
// another size from now on.
func (j *Journal) ForgetUnfinished() error {
	if _, err := j.db.Exec(`DELETE FROM scores WHERE total IS NULL`); err != nil {
		return j.cannotWrite(err)
	}
	return nil
}

func (j *Journal) save(mask search.Mask, p bounds.Progress, total, value any) error {
	if _, err := j.insert.Exec(mask.String(), p.Blocks, p.Count, bitsOf(p.Sum), total, value); err != nil {
		return j.cannotWrite(err)
	}
	return nil
}

// cannotWrite words an error of writing the journal. A disk that is full or a folder that is read-only
// is the user's to mend; what was written before stays good.
func (j *Journal) cannotWrite(err error) error {
	if refused(err) {
		return mistake{cannotWrite(j.path, err)}
	}
	return fmt.Errorf("cannot write the journal %s: %w", j.path, err)
}

// refused tells whether SQLite could not write because the system did not let it.
func refused(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff // what is above says which call it was
	return code == sqlite3.SQLITE_FULL || code == sqlite3.SQLITE_IOERR || code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_CANTOPEN
}

func bitsOf(v float64) []byte { return binary.BigEndian.AppendUint64(nil, math.Float64bits(v)) }

func floatOf(b []byte) (float64, error) {
	if len(b) != 8 {
		return 0, errors.New("the journal is damaged: a number has not 8 bytes")
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

// Finish marks the run as finished, so that nothing goes on in its folder.
func (j *Journal) Finish() error {
	if _, err := j.db.Exec(`UPDATE meta SET value = 'finished' WHERE key = 'state'`); err != nil {
		return j.cannotWrite(err)
	}
	return nil
}

// Close folds the write-ahead log into the one file and closes it.
func (j *Journal) Close() error {
	if j.db == nil {
		return nil
	}
	if j.insert != nil {
		j.insert.Close()
	}
	_, err := j.db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	if cerr := j.db.Close(); err == nil {
		err = cerr
	}
	j.db = nil
	return err
}
