package dataset

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/mistake"
)

// labelKey and inputKey are the names of the arrays of an archive: labels, and the input of a network that has only
// one.
const (
	labelKey = "y"
	inputKey = "x"
)

// openNPZ finds the arrays of an archive that belong to the inputs, and the labels.
func openNPZ(f *file, inputs []Input) (*found, error) {
	z, err := readArchive(f)
	if err != nil {
		return nil, err
	}
	got := &found{inputs: make([]array, len(inputs))}
	labels := z.has(labelKey)
	for i, in := range inputs {
		key := in.Name
		if len(inputs) == 1 && !z.has(key) {
			key = inputKey
		}
		if !z.has(key) && z.has(itemKey(in.Name, 0)) {
			key = in.Name
		}
		if z.has(itemKey(key, 0)) && !z.has(key) {
			if got.inputs[i], err = z.openItems(key); err != nil {
				return nil, err
			}
			continue
		}
		if !z.has(key) {
			want := strconv.Quote(in.Name)
			if len(inputs) == 1 {
				want = fmt.Sprintf("%q or %q", inputKey, in.Name)
			}
			return nil, mistake.Errorf("%s: no array named %s: it has %s; save it under the input's name%s", f.path, want, quoted(z.keys()), orValue(inputs, in))
		}
		labels = labels && key != labelKey
		if z.has(key + offsetsKey) {
			if got.inputs[i], err = z.openJoined(key); err != nil {
				return nil, err
			}
			continue
		}
		if got.inputs[i], err = z.open(key); errors.Is(err, errSingle) {
			return nil, mistake.Errorf("%w%s", err, orValue(inputs, in))
		} else if err != nil {
			return nil, err
		}
	}
	for _, name := range f.defaults {
		if z.has(name) && name != labelKey && name != inputKey {
			return nil, mistake.Errorf("%s: the array %q is for an input with a default, which all samples have: leave it out, or give another value for all of them, --input %s=VALUE", f.path, name, name)
		}
	}
	if labels {
		a, err := z.open(labelKey)
		if err != nil {
			return nil, err
		}
		got.labels = &a
	}
	return got, nil
}

// archive is the directory of a .npz file.
type archive struct {
	f       *file
	entries map[string]*zip.File
}

func readArchive(f *file) (*archive, error) {
	r, err := zip.NewReader(f.r, f.size)
	if err != nil {
		return nil, mistake.Errorf("%s: is a truncated or damaged archive (%w): save or copy it again", f.path, err)
	}
	z := &archive{f: f, entries: map[string]*zip.File{}}
	for _, e := range r.File {
		key, ok := strings.CutSuffix(e.Name, ".npy")
		if !ok {
			continue
		}
		if z.has(key) {
			return nil, mistake.Errorf("%s: has the array %q twice: save it again", f.path, key)
		}
		z.entries[key] = e
	}
	if len(z.entries) == 0 {
		return nil, mistake.Errorf("%s: has no array: save it with numpy.savez", f.path)
	}
	return z, nil
}

func (z *archive) has(key string) bool { return z.entries[key] != nil }

func (z *archive) keys() []string {
	var keys []string
	for k := range z.entries {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// open finds an array in place if it is stored, else unpacks it. Either way its checksum is compared.
func (z *archive) open(key string) (array, error) {
	e := z.entries[key]
	a := array{what: fmt.Sprintf("%s: array %q", z.f.path, key)}
	bad := func(err error) (array, error) { return array{}, mistake.Errorf("%s %w", a.what, err) }
	switch {
	case e.Flags&1 != 0:
		return bad(errors.New("is encrypted: save it without a password"))
	case e.Method != zip.Store && e.Method != zip.Deflate:
		return bad(fmt.Errorf("is compressed by method %d: save it with numpy.savez or savez_compressed", e.Method))
	}
	start, err := e.DataOffset()
	if err != nil {
		return bad(unreadable(err))
	}
	// In uint64, so that no size is negative.
	if e.CompressedSize64 > uint64(z.f.size-start) || e.UncompressedSize64 > 1<<62 ||
		e.Method == zip.Store && e.CompressedSize64 != e.UncompressedSize64 {
		return bad(errors.New("claims more bytes than the archive has: it is truncated or damaged; save or copy it again"))
	}
	packed, size := int64(e.CompressedSize64), int64(e.UncompressedSize64)
	if e.Method == zip.Deflate {
		if err := z.f.temp.reserve(size, packed); err != nil {
			return bad(err)
		}
	}
	r, err := e.Open()
	if err != nil {
		return bad(unreadable(err))
	}
	defer r.Close()
	h, err := readHeader(r)
	if err != nil {
		return bad(err)
	}
	l, err := newLayout(h)
	if err == nil {
		err = l.fits(size - l.header)
	}
	if err != nil {
		return bad(err)
	}
	a.elem, a.text, a.big, a.shape = l.elem, l.text, l.big, l.shape
	if e.Method == zip.Store {
		a.r, a.off = z.f.r, start+l.header
		if _, err := io.Copy(io.Discard, r); err != nil {
			return bad(unreadable(err))
		}
	} else {
		if a.r, err = z.f.temp.unpack(r, l.data); err != nil {
			return bad(err)
		}
	}
	if l.fortran {
		return z.f.temp.reorder(a)
	}
	return a, nil
}

func quoted(keys []string) string {
	const most = 8
	var b strings.Builder
	for i, k := range keys[:min(len(keys), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(k))
	}
	if len(keys) > most {
		fmt.Fprintf(&b, " and %d more", len(keys)-most)
	}
	return b.String()
}
