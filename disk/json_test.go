package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestReadJSONCountsValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.json")
	for _, c := range []struct {
		text string
		fits bool
	}{
		{`{"a": [1, 2, {"b": "[[[[{{{{"}]}`, true},
		{`{"a": "\"[[[[", "b": "\\", "c": []}`, true},
		{`[[[[]]]]`, false},
		{`[{},{},{}]`, false},
		{`{"\\":[{},{"x":[]}]}`, false},
		{`not json`, true},
		{`"`, true},
		{`"\`, true},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadJSON(path, 100, 3)
		if c.fits && (err != nil || string(got) != c.text) || !c.fits && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %q, %v", c.text, got, err)
		}
	}
	if _, err := ReadJSON(path, 1, 3); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if _, err := ReadJSON(filepath.Dir(path), 1, 3); !errors.Is(err, ErrNotRegular) {
		t.Errorf("%v", err)
	}
}
