// Package promotion reads and writes the promotion list, the holders that stay at the high bit-width, as text and as
// JSON.
package promotion

import (
	"encoding/json"
	"path/filepath"

	"example.org/demote/internal/format"
)

// Format is the list in the order of the result: a line each, or a JSON array of strings.
var Format = format.Format{
	Name: "promotion", File: "promotion.json", Does: "the holders that stay int16, as .txt or .json", Ends: []string{".json", ".txt"},
	Write: func(mix format.Mix) (w format.Written, err error) {
		if filepath.Ext(mix.Path) == ".txt" {
			w.Text = Lines(mix.High)
			return w, nil
		}
		w.Text, err = json.MarshalIndent(append([]string{}, mix.High...), "", "  ")
		w.Text = append(w.Text, '\n')
		return w, err
	},
}
