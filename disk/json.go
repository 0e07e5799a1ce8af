package disk

import (
	"fmt"
	"os"
)

// ReadJSON is Read for a file that is to be decoded from JSON, where a few bytes become a value of hundreds: one with
// more than values objects and lists is refused by an error that matches ErrTooLarge. That it is JSON is for the
// decoder to say.
func ReadJSON(path string, limit int64, values int) ([]byte, error) {
	data, err := Read(path, limit)
	if err != nil {
		return nil, err
	}
	if n := openings(data); n > values {
		return nil, &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w: %d objects and lists, at most %d are read", ErrTooLarge, n, values)}
	}
	return data, nil
}

// openings counts the objects and lists that begin outside of texts.
func openings(data []byte) int {
	n, text := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case !text && (c == '{' || c == '['):
			n++
		}
	}
	return n
}
