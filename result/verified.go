package result

import "fmt"

// Verified is what the check of the written file found.
type Verified struct {
	// outputs in the exact session equal the search's, bit for bit
	Identical      bool     `json:"identical"`
	Correct        *int     `json:"correct"`                 // count in the exact session
	Value          *float64 `json:"value"`                   // score in the exact session
	DefaultCorrect *int     `json:"default_session_correct"` // count in a session with nothing set
	DefaultValue   *float64 `json:"default_session_value"`   // score in a session with nothing set
	// the target holds there too; nil: there is no target, or that session cannot run the file
	DefaultMet *bool `json:"default_session_met"`
	// of a file with free axes: as users run it, in batches of several sizes
	AsWritten      []AsWritten `json:"as_written"`
	FirstDiffering string      `json:"first_differing,omitempty"` // the first tensor that differs, if any does
	// of verify and export: why another score than the search's is no fault of the file
	Elsewhere string `json:"elsewhere,omitempty"`
	Unscored  string `json:"unscored,omitempty"` // why the outputs were compared and not scored
	// of the file that was checked, with the file of its weights behind it where there is one
	SHA256 string `json:"sha256,omitempty"`
	// of export: this is what the search has found of the very same bytes
	Before bool `json:"checked_before,omitempty"`
}

// AsWritten is what a file with free axes gives as users run it: in the exact session, its axes as they are written,
// in batches of one size.
type AsWritten struct {
	Batch    int      `json:"batch"`
	Samples  int      `json:"samples"`           // that were run: in other batches than the search's a share first
	Differ   int      `json:"differing_samples"` // samples whose outputs are not the search's, bit for bit
	Correct  *int     `json:"correct"`           // null where nothing differs or the metric does not count
	Value    *float64 `json:"value"`             // null where nothing differs
	DoesMeet *bool    `json:"target_met"`        // null where nothing differs or there is no target
}

// Score is a score as it is told: what is not seen there is no other score.
func (a AsWritten) Score() string {
	if a.Correct != nil {
		return fmt.Sprintf("%d correct", *a.Correct)
	}
	return Number(a.Value)
}

// Text says in a few words how the file does in batches of one size; empty where its outputs are the search's.
func (a AsWritten) Text() string {
	if a.Differ == 0 {
		return ""
	}
	return fmt.Sprintf("%s in batches of %d: %d samples differ in bits", a.Score(), a.Batch, a.Differ)
}

// SessionMix is a mix that a search scored in a default session too, by its written file.
type SessionMix struct {
	Low     int    `json:"int8_holders"`
	Exact   *Score `json:"exact"`
	Default *Score `json:"default"`
}

// Export is one export of a mix.
type Export struct {
	Format   string    `json:"format"`
	Files    []string  `json:"files"`
	Verified *Verified `json:"verified,omitempty"` // of files that ONNX Runtime runs
	Inexact  []string  `json:"inexact,omitempty"`  // holders whose very grid the format cannot hold
	Warnings []Warning `json:"warnings,omitempty"`
}
