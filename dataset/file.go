package dataset

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// file is an open data file, of which nothing is believed.
type file struct {
	path string
	r    io.ReaderAt
	size int64
	temp *spool

	defaults []string // inputs with a default, for which there is to be no array
}

// openFile opens a regular file; the caller closes the second result.
func openFile(path string, temp *spool) (*file, *os.File, error) {
	f, err := disk.Open(path)
	switch {
	case errors.Is(err, disk.ErrNotRegular):
		return nil, nil, mistake.Errorf("%s: is not a regular file: copy it to one, since samples are read in any order", path)
	case err != nil:
		return nil, nil, cannotOpen(path, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = cannotOpen(path, err)
	case info.Size() == 0:
		err = mistake.Errorf("%s: is empty: save or copy it again", path)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return &file{path: path, r: f, size: info.Size(), temp: temp}, f, nil
}

// kind is the format of a file, told by its first bytes.
type kind int

const (
	unknown kind = iota
	npyFile
	npzFile
	idxFile
	gzipFile
	imageFile
)

func (f *file) kind() kind {
	var b [12]byte
	n, _ := f.r.ReadAt(b[:min(12, f.size)], 0)
	s := string(b[:n])
	switch {
	case strings.HasPrefix(s, npyMagic):
		return npyFile
	case strings.HasPrefix(s, "PK\x03\x04"), strings.HasPrefix(s, "PK\x05\x06"):
		return npzFile
	case strings.HasPrefix(s, "\x1f\x8b"):
		return gzipFile
	case n >= 4 && s[0] == 0 && s[1] == 0 && idxTypes[s[2]] != 0 && s[3] > 0:
		return idxFile
	case strings.HasPrefix(s, "\x89PNG"), strings.HasPrefix(s, "\xff\xd8\xff"), strings.HasPrefix(s, "GIF8"),
		n == 12 && s[:4] == "RIFF" && s[8:] == "WEBP":
		return imageFile
	}
	return unknown
}

// found is what a data file holds for a network: an array for each input, and labels if it has any.
type found struct {
	inputs []array
	labels *array
}

// open finds the inputs in a file of any format but a folder.
func (f *file) open(inputs []Input) (*found, error) {
	var a array
	var err error
	switch f.kind() {
	case npzFile:
		return openNPZ(f, inputs)
	case npyFile:
		a, err = openNPY(f)
	case idxFile, gzipFile:
		a, err = openIDX(f)
	case imageFile:
		return nil, mistake.Errorf("%s: is a single image: give the folder that it lies in", f.path)
	default:
		return nil, mistake.Errorf("%s: is neither .npy, .npz nor MNIST idx: save the samples with numpy.savez(%q, x=samples, y=labels)",
			f.path, strings.TrimSuffix(filepath.Base(f.path), filepath.Ext(f.path))+".npz")
	}
	if err != nil {
		return nil, err
	}
	if len(inputs) != 1 {
		return nil, mistake.Errorf("%s: holds one array, and the network has the inputs %s: save a .npz with an array for each, or give all but one a value, --input NAME=VALUE%s",
			f.path, inputNames(inputs), orBack(inputs))
	}
	return &found{inputs: []array{a}}, nil
}

// standardLabels is the label file beside an image file that has MNIST's own names, or "".
func standardLabels(path string) string {
	dir, base := filepath.Split(path)
	base, ok := strings.CutSuffix(base, ".gz")
	stem, isMNIST := strings.CutSuffix(base, "-images-idx3-ubyte")
	if !isMNIST {
		return ""
	}
	name := filepath.Join(dir, stem+"-labels-idx1-ubyte")
	tries := []string{name, name + ".gz"}
	if ok {
		tries = []string{name + ".gz", name}
	}
	for _, t := range tries {
		if _, err := os.Stat(t); !errors.Is(err, os.ErrNotExist) {
			return t
		}
	}
	return ""
}
