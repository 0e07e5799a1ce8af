package journal

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"example.org/demote/backend/bounds"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// journalSchema is raised whenever journals of earlier versions must not be read any more.
const journalSchema = "2"

// JournalCure is what the user can do about a journal that cannot be resumed.
const JournalCure = "give --out a new folder or --force"

// ErrFinished says that the run of a journal has ended, and has the same fingerprint.
var ErrFinished = errors.New("the folder holds a finished run")

// Keys of the table meta.
const (
	schemaKey      = "schema"
	FingerprintKey = "fingerprint"
	stateKey       = "state"
	blockKey       = "block"
	layoutKey      = "layout"
	bitsKey        = "bits"
)

// A Journal keeps every score of a run, and the progress of unfinished trials, in one SQLite file. A trial is the run
// of one mask. If the process is killed, at most the current trial is lost; if the machine loses power, at most the
// last second. Rows from the file are untrusted: an invalid one is an error that matches mistake.Err.
type Journal struct {
	Path   string
	DB     *sql.DB
	Insert *sql.Stmt
	Wal    *WalSync

	Spared []string // keys of files that the metric command names and writes to, as the run has found them
}

// Open opens or makes the journal of a run. The fingerprint is written once. A journal with another fingerprint, or of
// a finished run, is refused, and the error names the difference.
func Open(path string, print Fingerprint) (*Journal, error) {
	kind, err := JournalKind(path)
	switch {
	case err != nil:
		return nil, err
	case kind == oldJournal:
		return nil, mistake.Errorf("%s: the journal is of an earlier version of demote, whose runs this one cannot go on with; %s", path, JournalCure)
	case kind == foreignJournal:
		return nil, mistake.Errorf("%s: not a journal of demote, or damaged; %s", path, JournalCure)
	case kind == noJournal:
		text, err := json.Marshal(print)
		if err == nil {
			err = createJournal(path, [][2]string{{schemaKey, journalSchema}, {FingerprintKey, string(text)}, {stateKey, "running"}})
		}
		if err != nil {
			return nil, (&Journal{Path: path}).cannotWrite(err)
		}
	}
	db, err := OpenDB(path)
	if err != nil {
		return nil, err
	}
	j := &Journal{Path: path, DB: db, Wal: &WalSync{Path: path + "-wal"}}
	if err := j.begin(print); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) begin(print Fingerprint) error {
	if err := checkTables(j.DB); err != nil {
		return j.cannotRead(err)
	}
	meta, err := j.meta()
	if err != nil {
		return err
	}
	if meta[schemaKey] != journalSchema {
		return mistake.Errorf("%s: the journal has schema %.20q, this program writes %q; %s", j.Path, meta[schemaKey], journalSchema, JournalCure)
	}
	var theirs Fingerprint
	if err := json.Unmarshal([]byte(meta[FingerprintKey]), &theirs); err != nil {
		return j.damaged("its fingerprint cannot be read")
	}
	j.Spared = theirs.Written
	if text := print.Difference(theirs); text != "" {
		return mistake.Errorf("%s: the folder holds another run: %s; %s", j.Path, text, JournalCure)
	}
	switch meta[stateKey] {
	case "running":
	case "finished":
		return mistake.Errorf("%s: %w; %s", j.Path, ErrFinished, JournalCure)
	default:
		return j.damaged("it does not say whether the run has ended")
	}
	j.Insert, err = j.DB.Prepare(`INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (mask, grids) DO UPDATE SET blocks = excluded.blocks, count = excluded.count, gain = excluded.gain,
			total = excluded.total, value = excluded.value, outcomes = excluded.outcomes, sum = excluded.sum
		WHERE scores.total IS NULL AND (excluded.total IS NOT NULL OR excluded.blocks > scores.blocks)`)
	if err != nil {
		return j.cannotRead(err)
	}
	return nil
}

// meta reads the table of single entries.
func (j *Journal) meta() (map[string]string, error) {
	rows, err := j.DB.Query(`SELECT key, value, sum FROM meta`)
	if err != nil {
		return nil, j.cannotRead(err)
	}
	defer rows.Close()
	meta := map[string]string{}
	for rows.Next() {
		var k, v string
		var sum []byte
		if err := rows.Scan(&k, &v, &sum); err != nil {
			return nil, j.cannotRead(err)
		}
		if string(sum) != string(rowSum("meta", k, v)) {
			return nil, j.damaged(fmt.Sprintf("the entry %.40q does not have its checksum", k))
		}
		meta[k] = v
	}
	if err := rows.Err(); err != nil {
		return nil, j.cannotRead(err)
	}
	return meta, nil
}

// SetMeta writes an entry, and replaces one of the same name.
func (j *Journal) SetMeta(key, value string) error {
	_, err := j.DB.Exec(`INSERT OR REPLACE INTO meta VALUES (?, ?, ?)`, key, value, rowSum("meta", key, value))
	return j.written(err)
}

// Load calls whole for every full score, and part for the progress of every unfinished trial, each with the outcomes of
// its samples: a bit a sample in the order of the data, sample i in bit i%8 of byte i/8, 1 if the metric counts it; or
// with Limits.Folds what their metric has packed; nil: not kept, as in journals of earlier versions. A row beyond the
// limits or with a wrong checksum is an error.
func (j *Journal) Load(l Limits, whole func(search.Mask, search.Score, []byte), part func(search.Mask, bounds.Progress, []byte)) error {
	rows, err := j.DB.Query(`SELECT mask, grids, blocks, count, gain, total, value, outcomes, sum FROM scores`)
	if err != nil {
		return j.cannotRead(err)
	}
	defer rows.Close()
	for rows.Next() {
		mask, r, err := scanRow(rows, l)
		if err != nil {
			return j.cannotRead(err)
		}
		if r.total == nil {
			part(mask, r.progress, r.outcomes)
			continue
		}
		s := search.Score{Count: r.progress.Count, Total: r.total.(int)}
		if s.Total == 0 {
			if s.Value, err = floatOf(r.value.([]byte)); err != nil {
				return j.cannotRead(err)
			}
		}
		whole(mask, s, r.outcomes)
	}
	if err := rows.Err(); err != nil {
		return j.cannotRead(err)
	}
	return nil
}

// OnLearnt is for tests: called with every score that was stored. It is nil elsewhere.
var OnLearnt func(search.Mask)

// Learnt stores a full score, with the outcomes of its samples as Load returns them; nil: they are not kept.
func (j *Journal) Learnt(mask search.Mask, s search.Score, outcomes []byte) error {
	err := j.save(journalRow{mask.String(), bounds.Progress{Count: s.Count}, s.Total, bitsOf(s.Value), outcomes})
	if err == nil && OnLearnt != nil {
		OnLearnt(mask)
	}
	return err
}

// Stopped stores the progress of an unfinished trial, with the outcomes of the samples that it has run on.
func (j *Journal) Stopped(mask search.Mask, p bounds.Progress, outcomes []byte) error {
	return j.save(journalRow{mask.String(), p, nil, nil, outcomes})
}

// ForgetUnfinished removes the progress of unfinished trials. Progress counts blocks, and their size has changed.
func (j *Journal) ForgetUnfinished() error {
	_, err := j.DB.Exec(`DELETE FROM scores WHERE total IS NULL`)
	if err == nil {
		_, err = j.DB.Exec(`DELETE FROM meta WHERE key = ?`, layoutKey)
	}
	return j.written(err)
}

// Unlearn removes the scores of masks, given as text, and all progress and distances.
func (j *Journal) Unlearn(masks []string) error {
	if err := j.ForgetUnfinished(); err != nil {
		return err
	}
	for _, m := range masks {
		if _, err := j.DB.Exec(`DELETE FROM scores WHERE mask = ?`, m); err != nil {
			return j.written(err)
		}
	}
	return j.ForgetDistances()
}

// Layout returns for which mask the samples of the unfinished trials are laid out, as text; empty: as a run begins.
func (j *Journal) Layout() (string, error) {
	meta, err := j.meta()
	return meta[layoutKey], err
}

// Arranged removes the progress of unfinished trials, and notes for which mask the samples of those to come are laid
// out.
func (j *Journal) Arranged(mask search.Mask) error {
	if err := j.ForgetUnfinished(); err != nil {
		return err
	}
	return j.SetMeta(layoutKey, mask.String())
}

// Forget removes every score and all progress, also of last tries.
func (j *Journal) Forget() error {
	err := j.ForgetUnfinished()
	if err == nil {
		_, err = j.DB.Exec(`DELETE FROM scores`)
	}
	if err == nil {
		_, err = j.DB.Exec(`DELETE FROM default_sessions`)
	}
	if err == nil {
		_, err = j.DB.Exec(`DELETE FROM meta WHERE key = ?`, lastKey)
	}
	if err == nil {
		return j.ForgetDistances()
	}
	return j.written(err)
}

// Blocks stores the block size of the scores, in samples, and reports whether it is the same as before.
func (j *Journal) Blocks(size int) (same bool, err error) {
	meta, err := j.meta()
	if err != nil {
		return false, err
	}
	text := strconv.Itoa(size)
	was, known := meta[blockKey]
	if known && was == text {
		return true, nil
	}
	return !known, j.SetMeta(blockKey, text)
}

// Bits stores a digest of the bits that a device computes with a network, and returns the one that was stored for the
// same network before; empty: none was. Digests of another network are replaced.
func (j *Journal) Bits(network, bits string) (was string, err error) {
	meta, err := j.meta()
	if err != nil {
		return "", err
	}
	if before, known := strings.CutPrefix(meta[bitsKey], network+" "); known {
		return before, nil
	}
	return "", j.SetMeta(bitsKey, network+" "+bits)
}

// BlockSize is the block size that Blocks has booked; 0: none yet.
func (j *Journal) BlockSize() (int, error) {
	meta, err := j.meta()
	if err != nil || meta[blockKey] == "" {
		return 0, err
	}
	size, err := strconv.Atoi(meta[blockKey])
	if err != nil {
		return 0, j.damaged("its block size cannot be read")
	}
	return size, nil
}

func (j *Journal) save(r journalRow) error {
	values := r.values()
	_, err := j.Insert.Exec(append(values, rowSum("scores", values...))...)
	return j.written(err)
}

// Finish marks the run as finished: no run resumes in its folder.
func (j *Journal) Finish() error { return j.SetMeta(stateKey, "finished") }

// Close merges the write-ahead log into the file, on disk, and closes it. It may be called more than once.
func (j *Journal) Close() error {
	if j == nil || j.DB == nil {
		return nil
	}
	if j.Insert != nil {
		j.Insert.Close()
	}
	if j.Wal != nil {
		j.Wal.close()
	}
	_, err := j.DB.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	if cerr := j.DB.Close(); err == nil {
		err = cerr
	}
	j.DB = nil
	if err == nil {
		j.dropEmptyLog()
	}
	return err
}

// dropEmptyLog removes the write-ahead log and its index, which SQLite leaves where somebody read the journal while it
// was closed (ReadNow). All that the log had is in the file then. Who begins to read now may make them
// again, empty.
func (j *Journal) dropEmptyLog() {
	if info, err := os.Lstat(j.Path + "-wal"); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		_ = os.Remove(j.Path + "-wal")
		_ = os.Remove(j.Path + "-shm")
	}
}

// written words an error of writing a row; without one the row is forced to disk before long.
func (j *Journal) written(err error) error {
	if err == nil {
		err = j.Wal.wrote()
	}
	if err != nil {
		return j.cannotWrite(err)
	}
	return nil
}

// cannotWrite words an error of writing the journal. A disk that is full or a folder that is read-only
// is the user's to mend; what was written before stays good.
func (j *Journal) cannotWrite(err error) error {
	if refused(err) {
		return mistake.Errorf("%w", cannotWrite(j.Path, err))
	}
	var e *sqlite.Error
	if errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB) {
		return j.damaged(err.Error())
	}
	return fmt.Errorf("cannot write the journal %s: %w", j.Path, err)
}

// cannotRead words an error of reading the journal: the system's, or else damage.
func (j *Journal) cannotRead(err error) error {
	if refused(err) {
		return mistake.Errorf("cannot read the journal %s: %w; fix this and rerun the same command to resume", j.Path, err)
	}
	return j.damaged(err.Error())
}

func (j *Journal) damaged(what string) error {
	return mistake.Errorf("%s: the journal is damaged: %.200s; %s", j.Path, what, JournalCure)
}

// refused reports whether SQLite could not read or write because the system did not let it.
func refused(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff // what is above says which call it was
	return code == sqlite3.SQLITE_FULL || code == sqlite3.SQLITE_IOERR || code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_BUSY
}
