package journal

import (
	"encoding/json"
)

// spentKey is the journal's entry of what the run has cost.
const spentKey = "spent"

// Spent is what a run has cost, all its sessions together.
type Spent struct {
	Masks   int     `json:"-"`       // that were touched: the journal's own scores tell
	Samples float64 `json:"samples"` // whole-network passes of a sample
	Seconds float64 `json:"seconds"`

	Starts      int     `json:"starts,omitempty"` // of a metric server
	Calls       int     `json:"calls"`            // of a metric command, or answers of a server
	CallSeconds float64 `json:"call_seconds"`
}

// Spent is what the sessions before this one have cost.
func (j *Journal) Spent() (s Spent, err error) {
	meta, err := j.meta()
	if err != nil {
		return s, err
	}
	if text, ok := meta[spentKey]; ok {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return s, j.damaged("what the run has cost cannot be read")
		}
	}
	if err := j.DB.QueryRow(`SELECT count(*) FROM scores WHERE instr(mask, '1')`).Scan(&s.Masks); err != nil {
		return s, j.cannotRead(err)
	}
	return s, nil
}

// KeepSpent stores the cost of the run so far.
func (j *Journal) KeepSpent(s Spent) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return j.SetMeta(spentKey, string(text))
}
