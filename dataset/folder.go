package dataset

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/files"
	"example.org/demote/dataset/internal/images"
	"example.org/demote/mistake"
)

// labelFile is the name of a folder's own list of labels.
const labelFile = "labels.csv"

// openFolder makes a set of a folder of images. Its images are decoded once, here, to a temporary file, so that every
// damaged image is found before anything is computed, and reading a sample costs as little as from an array.
func (s *Set) openFolder(o Options) error {
	inputs := fed(s.inputs, o)
	if len(inputs) != 1 {
		return mistake.Errorf("%s: is a folder of images, and the network has the inputs %s: save a .npz with an array for each, or give all but one a value, --input NAME=VALUE",
			s.path, inputNames(inputs))
	}
	paths, err := s.listImages(o)
	if err != nil {
		return err
	}
	if o.Only != nil {
		files, err := s.Files()
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := o.Only(f); err != nil {
				return err
			}
		}
	}
	if len(paths) > arrays.MostSamples {
		return mistake.Errorf("%s: has %d images, and %d is the most: use a part of them", s.path, len(paths), arrays.MostSamples)
	}
	c, err := images.NewLayout(s.path, paths[0], inputs[0].String(), inputs[0].Dims)
	if err != nil {
		return err
	}
	if o.Kind == Boxes {
		if err := s.folderBoxes(paths, c.Shape(), o); err != nil {
			return err
		}
	}
	if o.Kind == AnyKind && s.labels != nil && s.own == nil {
		s.own = ownClasses(s.labels)
	}
	if err := s.choose(len(paths), o); err != nil {
		return err
	}
	if s.pick != nil { // the temporary file will have the chosen ones only
		for i, p := range s.pick {
			paths[i] = paths[p]
		}
		paths, s.pick = paths[:len(s.pick)], nil
	}
	s.names = func(i int) string { return paths[i] }
	if c, err = images.NewLayout(s.path, paths[0], inputs[0].String(), inputs[0].Dims); err != nil {
		return err
	}
	a := arrays.Array{What: s.path + ": the folder of images", Elem: Uint8, Shape: append([]int64{int64(len(paths))}, c.Shape()...)}
	bytes, err := arrays.Bytes(a.Shape, 1)
	if err == nil {
		err = s.temp.CheckSpace(bytes)
	}
	if err != nil {
		return mistake.Errorf("%s %w", a.What, err)
	}
	f, err := s.temp.Create()
	if err != nil {
		return mistake.Errorf("%s %w", a.What, err)
	}
	a.Data = f
	if err := c.DecodeAll(f, s.temp, s.path, paths, images.NewProgress(o.Decoded, o.Every, len(paths))); err != nil {
		return err
	}
	return s.addColumns(&found{inputs: []arrays.Array{a}}, o)
}

// listImages finds the images of a folder, as slash-separated paths relative to it, and their labels: by a label file,
// else by the folder's labels.csv, else by its sub-folders.
func (s *Set) listImages(o Options) ([]string, error) {
	list := o.Labels
	if own := filepath.Join(s.path, labelFile); list == "" {
		if _, err := os.Stat(own); err == nil {
			list = own
		}
	}
	var paths []string
	var err error
	if o.Kind == Boxes {
		paths, err = s.scannedImages()
		s.classes, s.labels = nil, nil
	} else if strings.EqualFold(filepath.Ext(list), ".csv") {
		paths, err = s.listedImages(list)
	} else {
		paths, err = s.scannedImages()
		if err == nil && list != "" {
			s.classes = nil
			err = s.folderLabels(list, int64(len(paths)), o)
		}
	}
	if err != nil {
		return nil, err
	}
	for _, name := range paths {
		s.hash.files = append(s.hash.files, hashed{name: name, path: filepath.Join(s.path, filepath.FromSlash(name))})
	}
	return paths, nil
}

// folderLabels reads the labels of n images from a file that is not .csv.
func (s *Set) folderLabels(file string, n int64, o Options) error {
	s.labels = nil
	if o.Kind == AnyKind && len(o.Arrays) > 0 {
		return s.openOwnArrays(&found{}, n, o)
	}
	a, err := s.openLabels(file)
	if err != nil {
		return err
	}
	return s.takeLabels(*a, n, o)
}

// listedImages are the images of a .csv file, in its order.
func (s *Set) listedImages(list string) ([]string, error) {
	lines, err := readCSV(list)
	if err != nil {
		return nil, err
	}
	s.hash.files = append(s.hash.files, hashed{name: "labels", path: list})
	paths := make([]string, len(lines))
	s.labels = make([]int64, len(lines))
	for i, l := range lines {
		if _, err := os.Stat(filepath.Join(s.path, filepath.FromSlash(l.name))); err != nil {
			return nil, mistake.Errorf("%s: lists %q, and there is no such file in %s: correct the name%w", list, l.name, s.path, files.Quiet{Err: err})
		}
		paths[i], s.labels[i] = l.name, l.label
	}
	return paths, nil
}

// scannedImages are the images that lie in the folder, in the order of their names, without labels; or those of its
// sub-folders, a class each. Classes are numbered in the order of their names, or by their names if these are numbers.
func (s *Set) scannedImages() ([]string, error) {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return nil, files.CannotOpen(s.path, err)
	}
	var paths, classes []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(s.path, e.Name()))
		switch {
		case err != nil || strings.HasPrefix(e.Name(), "."):
		case info.IsDir():
			classes = append(classes, e.Name())
		case images.IsImage(e.Name()):
			paths = append(paths, e.Name())
		}
	}
	switch {
	case len(paths) > 0 && len(classes) > 0:
		return nil, mistake.Errorf("%s: has both images (%s) and sub-folders (%s): put every image into the folder of its class, or write %s",
			s.path, paths[0], classes[0], labelFile)
	case len(paths) > 0:
		return paths, nil
	case len(classes) == 0:
		return nil, mistake.Errorf("%s: has no image (%s) and no sub-folder: give a folder of images", s.path, strings.Join(images.Endings, ", "))
	}
	numbers, numbered := classNumbers(classes)
	for i, class := range classes {
		found, err := imagesBelow(s.path, class)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, mistake.Errorf("%s: has no image in the sub-folder %s, which would count as a class: remove it or fill it", s.path, class)
		}
		label := int64(i)
		if numbered {
			label = numbers[i]
		}
		paths = append(paths, found...)
		s.classes = append(s.classes, Class{class, label})
		for range found {
			s.labels = append(s.labels, label)
		}
	}
	return paths, nil
}

// classNumbers are the names as numbers, if all of them are.
func classNumbers(classes []string) ([]int64, bool) {
	numbers := make([]int64, len(classes))
	for i, c := range classes {
		n, err := strconv.ParseUint(c, 10, 31)
		if err != nil {
			return nil, false
		}
		numbers[i] = int64(n)
	}
	return numbers, true
}

// imagesBelow are the images of a class folder and the folders in it, in the order of their paths.
func imagesBelow(root, class string) ([]string, error) {
	dir, err := filepath.EvalSymlinks(filepath.Join(root, class))
	if err != nil {
		return nil, files.CannotOpen(filepath.Join(root, class), err)
	}
	var paths []string
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && images.IsImage(e.Name()) {
			paths = append(paths, path.Join(class, name))
		}
		return err
	})
	if err != nil {
		return nil, files.CannotOpen(filepath.Join(root, class), err)
	}
	return paths, nil
}
