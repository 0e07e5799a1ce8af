package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"

	"demote/backend"
)

// A Fingerprint names everything that can change a score or the way of a search, a key each, so
// that a journal of another run can be refused by the name of what differs.
type Fingerprint map[string]string

// fingerprint names everything that can change a score or the way of this search.
func (s *searching) fingerprint() Fingerprint {
	c := s.config
	f := Fingerprint{
		"target": c.Target, "strategy": c.Strategy, "chain": c.Chain, "seed": fmt.Sprint(c.seed()),
		"multiplier": strconv.FormatFloat(c.multiplier(), 'g', -1, 64), "start": c.Start,
		"budget": fmt.Sprint(c.Trials, c.Time), "metric": s.metric.Name, "output": s.output, "formula": c.Formula, "weights": c.Weights,
		"grids": c.GridLow + " " + c.GridHigh, "ranges": c.RangeLow + " " + c.RangeHigh,
		"limit": fmt.Sprint(c.Limit), "block": fmt.Sprint(s.block), "output holder": fmt.Sprint(c.OutputHolder),
		"preprocessing":  fmt.Sprint(c.Scale, c.Mean, c.Std),
		"runtime":        backend.RuntimeVersion() + " " + backend.Instructions(),
		"demote version": c.Version,
	}
	if s.asked > 0 {
		f["block"] = fmt.Sprint(s.asked)
	}
	if s.onGPU() {
		f["device"] = s.device.Text
	}
	for key, value := range c.choices() {
		if value != "" {
			f[key] = value
		}
	}
	if c.Holdout != "" {
		f["held out"], f["confidence"] = c.Holdout, c.Confidence
	}
	for _, in := range s.files {
		f[in.Role] = in.SHA256
	}
	return f
}

// Sum is the sha256 of the fingerprint, in hex.
func (f Fingerprint) Sum() string {
	text, err := json.Marshal(f) // keys sorted
	if err != nil {
		panic("run: a map of strings cannot fail to marshal")
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Differs names the first key, in alphabetical order, on which two fingerprints differ, and both
// values; empty if they are equal.
func (f Fingerprint) Differs(other Fingerprint) (key, mine, theirs string) {
	keys := make([]string, 0, len(f)+len(other))
	for k := range f {
		keys = append(keys, k)
	}
	for k := range other {
		if _, ok := f[k]; !ok {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	for _, k := range keys {
		if f[k] != other[k] {
			return k, f[k], other[k]
		}
	}
	return "", "", ""
}

// hashFile is the sha256 of a file's bytes, and of its external data if there is any beside it.
func hashFile(path string) (string, error) {
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", mistakef("%s: no such file", path)
	}
	if err != nil {
		return "", mistakef("cannot read %s: %w", filepath.Base(path), err)
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", mistakef("cannot read %s: %w", path, err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
