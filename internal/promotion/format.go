// Package promotion reads and writes the promotion list, the holders that stay at the high bit-width, as text and as
// JSON.
package promotion

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"example.org/demote/internal/format"
	"example.org/demote/internal/network"
)

// Format is the list in the order of the result: a line each, or a JSON array of strings. It names activations alone:
// what reads it gives what it names the high width of activations.
var Format = format.Format{
	Name: "promotion", File: "promotion.json", Does: "the holders that stay int16, as .txt or .json", Ends: []string{".json", ".txt"},
	Write: func(mix format.Mix) (w format.Written, err error) {
		high := slices.DeleteFunc(append([]string{}, mix.High...), func(name string) bool {
			return slices.ContainsFunc(mix.Network.Holders, func(h network.Holder) bool { return h.Weights != nil && h.Name == name })
		})
		if filepath.Ext(mix.Path) == ".txt" {
			w.Text = Lines(high)
			return w, nil
		}
		w.Text, err = json.MarshalIndent(high, "", "  ")
		w.Text = append(w.Text, '\n')
		return w, err
	},
}
