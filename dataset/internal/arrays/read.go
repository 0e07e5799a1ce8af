package arrays

import (
	"io"

	"example.org/demote/dataset/internal/files"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// ReadAt reads len(b) bytes of the file from offset off on. The error is mistake.Err and names the array.
func (a *Array) ReadAt(b []byte, off int64) error {
	if n, err := a.Data.ReadAt(b, off); n < len(b) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return mistake.Errorf("%s %w", a.What, files.Unreadable(err))
	}
	return nil
}

// Each converts the n numbers of an array to a type and hands them on one by one, little-endian, with their index; per
// of them are a sample. The slice is that of one number, and valid for the call. Errors are those of ReadAt and of
// take, and a mistake.Err for a number that the type cannot hold.
func Each(a Array, to number.Type, n, per int, take func(i int, b []byte) error) error {
	c := number.NewConverter(a.Elem, to, a.BigEndian, nil)
	size, out := a.Elem.Size(), make([]byte, number.Chunk*to.Size())
	for done := 0; done < n; done += number.Chunk {
		m := min(number.Chunk, n-done)
		raw := c.Raw[:m*size]
		if err := a.ReadAt(raw, a.Offset+int64(done)*int64(size)); err != nil {
			return err
		}
		if bad := c.Convert(out, raw, 0); bad >= 0 {
			return mistake.Errorf("%s has label %s for a pixel of sample %d: correct it", a.What, c.Number(bad), (done+bad)/per)
		}
		for i := range m {
			if err := take(done+i, out[i*to.Size():(i+1)*to.Size()]); err != nil {
				return err
			}
		}
	}
	return nil
}
