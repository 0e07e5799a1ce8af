package dataset

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/mistake"
)

// labelFile is the name of a folder's own list of labels.
const labelFile = "labels.csv"

// imageTypes are the endings of the files that a folder's other files are told from.
var imageTypes = []string{".png", ".jpg", ".jpeg", ".gif", ".webp"}

func isImage(name string) bool {
	return !strings.HasPrefix(name, ".") && slices.Contains(imageTypes, strings.ToLower(path.Ext(name)))
}

// openFolder makes a set of a folder of images. Its images are decoded once, here, to a temporary file, so that every
// damaged image is found before anything is computed, and reading a sample costs as little as from an array.
func (s *Set) openFolder(o Options) error {
	inputs := fed(s.inputs, o)
	if len(inputs) != 1 {
		return mistake.Errorf("%s: is a folder of images, and the network has the inputs %s: save a .npz with an array for each, or give all but one a value, --input NAME=VALUE",
			s.path, inputNames(inputs))
	}
	images, err := s.listImages(o)
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
	if len(images) > mostSamples {
		return mistake.Errorf("%s: has %d images, and %d is the most: use a part of them", s.path, len(images), mostSamples)
	}
	if o.Kind == AnyKind && s.labels != nil && s.own == nil {
		s.own = ownClasses(s.labels)
	}
	if err := s.choose(len(images), o); err != nil {
		return err
	}
	if s.pick != nil { // the temporary file will have the chosen ones only
		for i, p := range s.pick {
			images[i] = images[p]
		}
		images, s.pick = images[:len(s.pick)], nil
	}
	s.names = func(i int) string { return images[i] }
	c, err := newCanvas(s.path, images[0], inputs[0])
	if err != nil {
		return err
	}
	a := array{what: s.path + ": the folder of images", elem: Uint8, shape: append([]int64{int64(len(images))}, c.shape()...)}
	bytes, err := byteCount(a.shape, 1)
	if err == nil {
		err = s.temp.checkSpace(bytes)
	}
	if err != nil {
		return mistake.Errorf("%s %w", a.what, err)
	}
	f, err := s.temp.create()
	if err != nil {
		return mistake.Errorf("%s %w", a.what, err)
	}
	a.r = f
	if err := c.paintAll(f, s.temp, s.path, images, newTicker(o.Decoded, o.Every, len(images))); err != nil {
		return err
	}
	return s.addColumns(&found{inputs: []array{a}}, o)
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
	var images []string
	var err error
	if strings.EqualFold(filepath.Ext(list), ".csv") {
		images, err = s.listedImages(list)
	} else {
		images, err = s.scannedImages()
		if err == nil && list != "" {
			s.classes = nil
			var a *array
			if a, err = s.openLabels(list); err == nil {
				err = s.takeLabels(*a, int64(len(images)), o)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	for _, name := range images {
		s.hash.files = append(s.hash.files, hashed{name: name, path: filepath.Join(s.path, filepath.FromSlash(name))})
	}
	return images, nil
}

// listedImages are the images of a .csv file, in its order.
func (s *Set) listedImages(list string) ([]string, error) {
	lines, err := readCSV(list)
	if err != nil {
		return nil, err
	}
	s.hash.files = append(s.hash.files, hashed{name: "labels", path: list})
	images := make([]string, len(lines))
	s.labels = make([]int64, len(lines))
	for i, l := range lines {
		if _, err := os.Stat(filepath.Join(s.path, filepath.FromSlash(l.name))); err != nil {
			return nil, mistake.Errorf("%s: lists %q, and there is no such file in %s: correct the name%w", list, l.name, s.path, quiet{err})
		}
		images[i], s.labels[i] = l.name, l.label
	}
	return images, nil
}

// scannedImages are the images that lie in the folder, in the order of their names, without labels; or those of its
// sub-folders, a class each. Classes are numbered in the order of their names, or by their names if these are numbers.
func (s *Set) scannedImages() ([]string, error) {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return nil, cannotOpen(s.path, err)
	}
	var images, classes []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(s.path, e.Name()))
		switch {
		case err != nil || strings.HasPrefix(e.Name(), "."):
		case info.IsDir():
			classes = append(classes, e.Name())
		case isImage(e.Name()):
			images = append(images, e.Name())
		}
	}
	switch {
	case len(images) > 0 && len(classes) > 0:
		return nil, mistake.Errorf("%s: has both images (%s) and sub-folders (%s): put every image into the folder of its class, or write %s",
			s.path, images[0], classes[0], labelFile)
	case len(images) > 0:
		return images, nil
	case len(classes) == 0:
		return nil, mistake.Errorf("%s: has no image (%s) and no sub-folder: give a folder of images", s.path, strings.Join(imageTypes, ", "))
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
		images = append(images, found...)
		s.classes = append(s.classes, Class{class, label})
		for range found {
			s.labels = append(s.labels, label)
		}
	}
	return images, nil
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
		return nil, cannotOpen(filepath.Join(root, class), err)
	}
	var images []string
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && isImage(e.Name()) {
			images = append(images, path.Join(class, name))
		}
		return err
	})
	if err != nil {
		return nil, cannotOpen(filepath.Join(root, class), err)
	}
	return images, nil
}
