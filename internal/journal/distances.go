package journal

import (
	"encoding/hex"
	"fmt"
	"strings"

	"example.org/demote/search"
)

// distanceKey begins the entry of the distance of a mask: the mean squared change of the outputs.
const distanceKey = "distance "

// Distances returns the distances that the journal has, by Mask.Key. An entry that is of another number of holders, or
// that no LearntDistance wrote, is an error that matches mistake.Err.
func (j *Journal) Distances(holders int) (map[string]float64, error) {
	meta, err := j.meta()
	if err != nil {
		return nil, err
	}
	known := map[string]float64{}
	for key, text := range meta {
		bits, ours := strings.CutPrefix(key, distanceKey)
		if !ours {
			continue
		}
		mask, err := search.ParseMask(bits)
		if err != nil || mask.Len() != holders {
			return nil, j.damaged(fmt.Sprintf("the distance of mask %.40q is of none of the network", bits))
		}
		b, err := hex.DecodeString(text)
		if err != nil {
			return nil, j.damaged("a distance cannot be read")
		}
		if known[mask.Key()], err = floatOf(b); err != nil {
			return nil, j.damaged("a distance cannot be read: it " + err.Error())
		}
	}
	return known, nil
}

// LearntDistance stores the distance of a mask. One that is not a number is not kept.
func (j *Journal) LearntDistance(mask search.Mask, d float64) error {
	if d != d {
		return nil
	}
	return j.SetMeta(distanceKey+mask.String(), hex.EncodeToString(bitsOf(d)))
}

// ForgetDistances removes all of them.
func (j *Journal) ForgetDistances() error {
	_, err := j.DB.Exec(`DELETE FROM meta WHERE substr(key, 1, ?) = ?`, len(distanceKey), distanceKey)
	return j.written(err)
}
