package onnx

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"demote/onnx/onnxpb"
)

const (
	spillAt    = 2<<30 - 64<<20 // a larger message has its initializers in a second file
	spillFrom  = 1 << 10        // smaller initializers stay
	spillAlign = 4 << 10        // every tensor begins on a page, so that a reader can map it
)

// Write writes the model to a file. A model that would come near 2 GiB has its initializers in PATH.data beside it, as
// external data. The file appears whole or not at all: it is written under another name in the same folder, forced to
// disk and then renamed; what was there before stays if anything fails (the data file is renamed first). An error that
// matches ErrInput names the path.
func (m *Model) Write(path string) error { return m.writeSpilling(path, spillAt) }

func (m *Model) writeSpilling(path string, limit int64) error {
	e, err := newEncoder(m.Proto, m.Graph().GetInitializer())
	if err != nil {
		return err
	}
	if e.size <= limit {
		return replaceFiles(newFile{path, e.write})
	}
	dataPath := path + ".data"
	spilled, data, err := spill(m.Graph().GetInitializer(), filepath.Base(dataPath))
	if err != nil {
		return err
	}
	if e, err = newEncoder(m.Proto, spilled); err != nil {
		return err
	}
	if e.size > maxProto {
		return badf("%s: %d bytes without initializers: more than an ONNX file can hold", path, e.size)
	}
	return replaceFiles(newFile{dataPath, data}, newFile{path, e.write})
}

// spill returns the initializers with their data at a location, and what writes these data.
func spill(all []tensor, location string) ([]tensor, func(io.Writer) error, error) {
	var out, moved []tensor
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
		at := int64(0)
		for i, t := range moved {
			if _, err := w.Write(make([]byte, offsets[i]-at)); err != nil {
				return err
			}
			if _, err := w.Write(t.RawData); err != nil {
				return err
			}
			at = offsets[i] + int64(len(t.RawData))
		}
		return nil
	}, nil
}

// externalTensor returns a tensor without data that says where they are.
func externalTensor(t tensor, location string, offset int64) tensor {
	c := cloneTensor(t)
	c.RawData = nil
	c.DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
	for _, kv := range [][2]string{
		{"location", location},
		{"offset", strconv.FormatInt(offset, 10)},
		{"length", strconv.Itoa(len(t.RawData))},
	} {
		c.ExternalData = append(c.ExternalData, &onnxpb.StringStringEntryProto{Key: str(kv[0]), Value: str(kv[1])})
	}
	return c
}

// newFile is a file to be written.
type newFile struct {
	path  string
	write func(io.Writer) error
}

// replaceFiles writes files under temporary names and, when all of them are on disk, renames them in order.
func replaceFiles(files ...newFile) (err error) {
	var temps []string
	defer func() {
		for _, t := range temps {
			os.Remove(t) // those that were renamed are gone
		}
	}()
	for _, f := range files {
		dir, base := filepath.Split(f.path)
		temp := filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
		temps = append(temps, temp)
		if err := writeFile(temp, f.write); err != nil {
			return badf("%s: cannot be written: %w", f.path, err)
		}
	}
	for i, f := range files {
		if err := os.Rename(temps[i], f.path); err != nil {
			return badf("%s: cannot be written: %w", f.path, err)
		}
	}
	syncFolder(filepath.Dir(files[0].path))
	return nil
}

// writeFile writes a new file and forces it to disk.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// syncFolder forces a rename to disk where the system can; the files themselves are there already.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
