package journal

// rangesKey is the entry of the range methods that the run has chosen.
const rangesKey = "ranges"

// lastKey is the entry of the last tries with other ranges.
const lastKey = "last tries"

// LastTries are those of the run's mix, as KeepLastTries was given them; empty: there are none.
func (j *Journal) LastTries() (string, error) {
	meta, err := j.meta()
	return meta[lastKey], err
}

// KeepLastTries books them.
func (j *Journal) KeepLastTries(text string) error { return j.SetMeta(lastKey, text) }

// Ranges are the range methods that the run has chosen, as KeepRanges was given them; empty: it has not yet.
func (j *Journal) Ranges() (string, error) {
	meta, err := j.meta()
	return meta[rangesKey], err
}

// KeepRanges books what the run has chosen.
func (j *Journal) KeepRanges(text string) error { return j.SetMeta(rangesKey, text) }
