package dataset

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/files"
	"example.org/demote/dataset/internal/images"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// openLabels opens a file of labels that is not .csv.
func (s *Set) openLabels(path string) (*arrays.Array, error) {
	f, closer, err := arrays.Open(path, s.temp)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, closer)
	s.hash.add("labels", f)
	var a arrays.Array
	switch f.Format() {
	case arrays.NPY:
		a, err = arrays.OpenNPY(f)
	case arrays.IDX, arrays.Gzip:
		a, err = arrays.OpenIDX(f)
	case arrays.NPZ:
		var z *arrays.Archive
		if z, err = arrays.OpenArchive(f); err == nil {
			if !z.Has(labelKey) {
				return nil, mistake.Errorf("%s: no array %q with labels: it has %s", path, labelKey, arrays.Quoted(z.Keys()))
			}
			a, err = z.Open(labelKey)
		}
	default:
		return nil, mistake.Errorf("%s: is neither .npy, .npz nor idx, which labels beside an array can be: save them with numpy.save", path)
	}
	return &a, err
}

// openOwnArrays reads arrays of labels in their own shapes, from the data or from a file of their own.
func (s *Set) openOwnArrays(got *found, n int64, o Options) error {
	if o.NoArrays {
		return nil
	}
	z, path := got.archive, s.path
	names := o.Arrays
	if o.Kind == Boxes {
		names = BoxKeys[:1]
	}
	if o.Labels == "" && (z == nil || !slices.ContainsFunc(names, z.Has)) {
		return nil // it has no labels
	}
	if o.Labels != "" {
		f, closer, err := arrays.Open(o.Labels, s.temp)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, closer)
		s.hash.add("labels", f)
		z, path = nil, o.Labels
		if f.Format() == arrays.NPZ {
			if z, err = arrays.OpenArchive(f); err != nil {
				return err
			}
		}
	}
	if o.Kind == Boxes {
		return s.takeBoxes(z, path, n)
	}
	return s.takeArrays(z, path, o.Arrays, len(o.Arrays), n)
}

// readLabels reads n labels: integers, not negative but for the one that is ignored.
func readLabels(a arrays.Array, n int64, ignore *int64) ([]int64, error) {
	switch {
	case a.Elem.Float():
		return nil, mistake.Errorf("%s has %s labels, and labels are class numbers: save them as integers, y.astype(numpy.int64), or choose %s", a.What, a.Elem, otherThan(Classes))
	case a.Elem == Text:
		return nil, mistake.Errorf("%s has %s labels, and labels are class numbers: number them, numpy.unique(y, return_inverse=True)[1], or choose %s", a.What, a.Elem, otherThan(Classes))
	case a.Shape[0] != n:
		return nil, mistake.Errorf("%s has shape %s, but there are %d samples: give one label a sample", a.What, arrays.Dims(a.Shape), n)
	case arrays.Elements(a.Shape) != n:
		return nil, mistake.Errorf("%s has shape %s, more than one label a sample: save class numbers, y.argmax(axis=-1) of one-hot labels, or choose %s", a.What, arrays.Dims(a.Shape), otherThan(Classes))
	}
	c := number.NewConverter(a.Elem, Int64, a.BigEndian, nil)
	size := a.Elem.Size()
	labels := make([]int64, n)
	var out [number.Chunk * 8]byte
	for done := 0; done < len(labels); done += number.Chunk {
		part := labels[done:min(len(labels), done+number.Chunk)]
		raw := c.Raw[:len(part)*size]
		if err := a.ReadAt(raw, a.Offset+int64(done)*int64(size)); err != nil {
			return nil, err
		}
		bad := c.Convert(out[:], raw, 0)
		for i := range part {
			if i == bad {
				return nil, mistake.Errorf("%s has label %s for sample %d: correct it", a.What, c.Number(i), done+i)
			}
			part[i] = int64(binary.LittleEndian.Uint64(out[8*i:]))
			if part[i] < 0 && (ignore == nil || part[i] != *ignore) {
				return nil, mistake.Errorf("%s has label %d for sample %d, and classes are numbered from 0: correct it", a.What, part[i], done+i)
			}
		}
	}
	return labels, nil
}

// listed is a line of a label file for images.
type listed struct {
	name  string // slash-separated, relative to the folder
	label int64
}

// maxList bounds a list of labels, in bytes.
const maxList = 128 << 20

// isHeading tells whether a first line is a heading: it names no image, and its label is a word. A damaged label is
// none, since its sample would be left out without a word.
func isHeading(name, label string) bool {
	return !images.IsImage(path.Base(name)) && strings.ContainsFunc(label, unicode.IsLetter) && !strings.ContainsFunc(label[:1], isNumeric)
}

func isNumeric(r rune) bool { return unicode.IsDigit(r) || strings.ContainsRune("+-.", r) }

// readCSV reads lines "name,label", of which the first may be a heading.
func readCSV(path string) ([]listed, error) {
	text, err := disk.Read(path, maxList)
	if err != nil {
		return nil, files.CannotOpen(path, err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	var lines []listed
	seen := map[string]bool{}
	for first := true; ; first = false {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, mistake.Errorf("%s: is no csv file (%w): write lines like \"cat.png,3\"", path, err)
		}
		line, _ := r.FieldPos(0)
		bad := func(format string, args ...any) error {
			return mistake.Errorf("%s: line %d %s", path, line, fmt.Sprintf(format, args...))
		}
		if len(fields) != 2 {
			return nil, bad("has %d fields: write lines like \"cat.png,3\"", len(fields))
		}
		name := strings.Clone(strings.TrimSpace(fields[0]))
		label, err := strconv.ParseInt(strings.TrimSpace(fields[1]), 10, 64)
		switch {
		case err != nil && first && isHeading(name, strings.TrimSpace(fields[1])):
			continue
		case err != nil:
			return nil, bad("has the label %q, and labels are class numbers: write an integer", fields[1])
		case label < 0:
			return nil, bad("has label %d, and classes are numbered from 0: correct it", label)
		case !filepath.IsLocal(filepath.FromSlash(name)):
			return nil, bad("names %q, which is not inside the folder: write paths relative to it", name)
		case seen[name]:
			return nil, bad("names %q again: list every image once", name)
		case len(lines) == arrays.MostSamples:
			return nil, bad("goes beyond %d samples: use a part of them", arrays.MostSamples)
		}
		seen[name] = true
		lines = append(lines, listed{name, label})
	}
	if len(lines) == 0 {
		return nil, mistake.Errorf("%s: lists no image: write lines like \"cat.png,3\"", path)
	}
	return lines, nil
}
