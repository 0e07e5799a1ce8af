package journal

// rangesKey is the entry of the range methods that the run has chosen.
const rangesKey = "ranges"

// Ranges are the range methods that the run has chosen, as KeepRanges was given them; empty: it has not yet.
func (j *Journal) Ranges() (string, error) {
	meta, err := j.meta()
	return meta[rangesKey], err
}

// KeepRanges books what the run has chosen.
func (j *Journal) KeepRanges(text string) error { return j.SetMeta(rangesKey, text) }
