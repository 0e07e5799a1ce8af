package dataset

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/mistake"
)

// found is what a data file holds for a network: an array for each input, and labels if it has any.
type found struct {
	inputs  []arrays.Array
	labels  *arrays.Array
	archive *arrays.Archive // of which they are; nil: of none
}

// openInputs finds the inputs in a file of any format but a folder. defaults are inputs with a default, for which there
// is to be no array.
func openInputs(f *arrays.File, inputs []Input, defaults []string) (*found, error) {
	var a arrays.Array
	var err error
	switch f.Format() {
	case arrays.NPZ:
		return openNPZ(f, inputs, defaults)
	case arrays.NPY:
		a, err = arrays.OpenNPY(f)
	case arrays.IDX, arrays.Gzip:
		a, err = arrays.OpenIDX(f)
	case arrays.Image:
		return nil, mistake.Errorf("%s: is a single image: give the folder that it lies in", f.Path)
	default:
		return nil, mistake.Errorf("%s: is neither .npy, .npz nor MNIST idx: save the samples with numpy.savez(%q, x=samples, y=labels)",
			f.Path, strings.TrimSuffix(filepath.Base(f.Path), filepath.Ext(f.Path))+".npz")
	}
	if err != nil {
		return nil, err
	}
	if len(inputs) != 1 {
		return nil, mistake.Errorf("%s: holds one array, and the network has the inputs %s: save a .npz with an array for each, or give all but one a value, --input NAME=VALUE%s",
			f.Path, inputNames(inputs), orBack(inputs))
	}
	return &found{inputs: []arrays.Array{a}}, nil
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
