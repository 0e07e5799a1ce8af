package journal

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"example.org/demote/mistake"
	"example.org/demote/search"
)

// nowKey is the entry of how the run stands.
const nowKey = "now"

// Now is how a run stood a moment ago, for whoever looks at it from outside.
type Now struct {
	At          time.Time          `json:"at"`
	Event       string             `json:"event"`           // the kind of the last one, see search.EventKind
	Evaluations int                `json:"evaluations"`     // asked for so far
	Trials      int                `json:"trials"`          // distinct masks
	Low         int                `json:"int8"`            // units that the base of the search has demoted
	Units       int                `json:"holders"`         // units in all
	BestLow     int                `json:"best_int8"`       // units that the best mix so far has demoted
	Seconds     float64            `json:"seconds"`         // since this session began
	Left        *[2]float64        `json:"left"`            // seconds that may remain, least and most; nil: not known
	Proof       *search.ProofEvent `json:"proof,omitempty"` // the part of the proof under way
	Mask        string             `json:"mask"`            // the last mask that was run, as search.Mask's text
	Finished    bool               `json:"finished"`        // the run has ended
}

// KeepNow books how the run stands. It is not forced to disk.
func (j *Journal) KeepNow(n Now) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return j.SetMeta(nowKey, string(text))
}

// ReadNow is how the run of a folder stands, read beside the search that writes it, which it neither locks nor delays.
// It is zero but for Finished where the run has not begun its trials, or is of an earlier version.
func ReadNow(dir string) (n Now, err error) {
	path := filepath.Join(dir, JournalFile)
	switch kind, err := JournalKind(path); {
	case err != nil:
		return n, err
	case kind != OurJournal:
		return n, mistake.Errorf("%s: it holds no journal of this version of demote", dir)
	}
	how := "?mode=ro"
	if _, err := os.Lstat(path + "-wal"); err != nil { // it has ended: the file does not change, and needs no log
		how = "?immutable=1"
	}
	if n, err = readNow(path, how); err != nil {
		return n, mistake.Errorf("cannot read %s: %w", path, err)
	}
	return n, nil
}

func readNow(path, how string) (n Now, err error) {
	db, err := sql.Open("sqlite", databaseName(path)+how+"&_pragma=trusted_schema(0)&_pragma=busy_timeout(1000)")
	if err != nil {
		return n, err
	}
	j := &Journal{Path: path, DB: db}
	defer db.Close()
	meta, err := j.meta()
	if err != nil {
		return n, err
	}
	if text := meta[nowKey]; text != "" {
		if err := json.Unmarshal([]byte(text), &n); err != nil {
			return n, j.damaged("it does not say how the run stands")
		}
	}
	n.Finished = meta[stateKey] == "finished"
	return n, nil
}
