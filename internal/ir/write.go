package ir

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"example.org/demote/disk"
	"example.org/demote/internal/external"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

const (
	// sizes in bytes

	spillAt   = 2<<30 - 64<<20 // a larger message has its initializers in a second file
	spillFrom = 1 << 10        // smaller initializers stay
	// every tensor begins on a page, so that a reader can map it: offsets "SHOULD be multiples of the page size
	// (usually 4kb)" (https://github.com/onnx/onnx/blob/main/docs/ExternalData.md)
	spillAlign = 4 << 10
)

// Write writes the model to a file, with the inputs of Kept. A model of nearly 2 GiB gets its initializers in the
// external data file PATH.data, since a protobuf message ends at 2 GiB. The write is atomic: it writes another name in
// the same folder, syncs it and renames it, the data file first. An error leaves the old files as they are. It is a
// mistake.Err and names the path.
func (m *Model) Write(path string) error { return m.whole().writeSpilling(path, spillAt) }

// writeSpilling is Write with the message size, in bytes, from which initializers go to the data file.
func (m *Model) writeSpilling(path string, limit int64) error {
	e, err := wire.Encode(m.Proto, m.Graph().GetInitializer())
	if err != nil {
		return err
	}
	if e.Size() <= limit {
		return replaceFiles(disk.File{Path: path, Write: e.Write})
	}
	dataPath := path + ".data"
	spilled, data, err := spill(m.Graph().GetInitializer(), filepath.Base(dataPath))
	if err != nil {
		return err
	}
	if e, err = wire.Encode(m.Proto, spilled); err != nil {
		return err
	}
	if e.Size() > wire.MaxSize {
		return mistake.Errorf("%s: %d bytes without initializers: more than an ONNX file can hold", path, e.Size())
	}
	return replaceFiles(disk.File{Path: dataPath, Write: data}, disk.File{Path: path, Write: e.Write})
}

// spill returns the initializers with their data moved to the file location, and a function that writes that file: the
// tensors one after another, each from a multiple of spillAlign on. Strings stay, which external data cannot be.
func spill(all []Tensor, location string) ([]Tensor, func(io.Writer) error, error) {
	var out, moved []Tensor
	var offsets []int64
	end := int64(0)
	for _, t := range all {
		raw, err := rawTensor(t)
		if err != nil {
			return nil, nil, err
		}
		if raw == nil || len(raw.RawData) < spillFrom {
			out = append(out, t)
			continue
		}
		end = (end + spillAlign - 1) / spillAlign * spillAlign
		moved, offsets = append(moved, raw), append(offsets, end)
		out = append(out, externalTensor(raw, location, end))
		end += int64(len(raw.RawData))
	}
	return out, func(w io.Writer) error {
		err := writeAt(w, moved, offsets)
		if changed := external.Changed(wire.Raw(moved)); changed != nil {
			return changed
		}
		return err
	}, nil
}

// writeAt writes tensors at ascending offsets, with zeros between them.
func writeAt(w io.Writer, tensors []Tensor, offsets []int64) error {
	at := int64(0)
	for i, t := range tensors {
		if _, err := w.Write(make([]byte, offsets[i]-at)); err != nil {
			return err
		}
		if _, err := w.Write(t.RawData); err != nil {
			return err
		}
		at = offsets[i] + int64(len(t.RawData))
	}
	return nil
}

// externalTensor returns a copy of t whose data are external: in the file location, from the byte offset on.
func externalTensor(t Tensor, location string, offset int64) Tensor {
	c := wire.CloneTensor(t)
	c.RawData = nil
	c.DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
	for _, kv := range [][2]string{
		{"location", location},
		{"offset", strconv.FormatInt(offset, 10)},
		{"length", strconv.Itoa(len(t.RawData))},
	} {
		c.ExternalData = append(c.ExternalData, &onnxpb.StringStringEntryProto{Key: Str(kv[0]), Value: Str(kv[1])})
	}
	return c
}

// replaceFiles writes files atomically, each in the place of what there is. The error is a mistake.Err with the path.
func replaceFiles(files ...disk.File) error {
	if err := disk.Replace(disk.Forced, files...); err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			return mistake.Errorf("%s: cannot be written: %w", at.Path, at.Err)
		}
		return mistake.Errorf("cannot be written: %w", err)
	}
	return nil
}

// whole returns the model for a file: with the inputs of Kept, in their original order.
func (m *Model) whole() *Model {
	if len(m.Kept) == 0 {
		return m
	}
	out := m.Clone()
	g := out.Graph()
	g.Input = append(g.Input, out.Kept...)
	place := func(v *onnxpb.ValueInfoProto) int {
		if i := slices.Index(m.Order, v.GetName()); i >= 0 {
			return i
		}
		return len(m.Order)
	}
	slices.SortStableFunc(g.Input, func(a, b *onnxpb.ValueInfoProto) int { return place(a) - place(b) })
	out.Kept, out.Order = nil, nil
	return out
}
