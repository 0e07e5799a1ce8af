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
)

// A Fingerprint names everything that can change a score or the way of a search, a key each, so
// that a journal of another run can be refused by the name of what differs.
type Fingerprint map[string]string

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
