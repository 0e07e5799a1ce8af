package dataset

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/dataset/internal/files"
	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// maxBoxFile bounds a file of boxes, in bytes.
const maxBoxFile = 1 << 30

// A drawnBox is a box of a label file, its corners as fractions of its image's width and height.
type drawnBox struct {
	x1, y1, x2, y2 float64
	class          int
	crowd          bool
	area           float64 // as a fraction of the image's; 0: that of the box
}

// folderBoxes reads the boxes of images of a folder: COCO's JSON, a folder with YOLO's text files, or an .npz. Images
// are brought to the network's width and height, and boxes with them.
func (s *Set) folderBoxes(paths []string, shape []int64, o Options) error {
	if o.Labels == "" {
		return nil // it has none
	}
	info, err := os.Stat(o.Labels)
	switch {
	case err != nil:
		return files.CannotOpen(o.Labels, err)
	case !info.IsDir() && !strings.EqualFold(filepath.Ext(o.Labels), ".json"):
		s.labels = nil
		return s.openOwnArrays(&found{}, int64(len(paths)), o)
	}
	var all [][]drawnBox
	if info.IsDir() {
		all, err = s.readYOLO(o.Labels, paths)
	} else {
		s.hash.files = append(s.hash.files, hashed{name: "labels", path: o.Labels})
		all, err = readCOCO(o.Labels, paths)
	}
	if err != nil {
		return err
	}
	h, w := shape[0], shape[1]
	if len(shape) == 3 && (shape[0] == 1 || shape[0] == 3) {
		h, w = shape[1], shape[2]
	}
	s.putBoxes(all, float64(w), float64(h))
	return s.checkBoxes(o.Labels, float64(w), float64(h))
}

// putBoxes makes arrays of labels of boxes, in pixels of an image of w times h.
func (s *Set) putBoxes(all [][]drawnBox, w, h float64) {
	offsets, boxes, crowd, area := []int64{0}, []byte{}, []byte{}, []byte{}
	f4 := func(to []byte, v float64) []byte {
		return binary.LittleEndian.AppendUint32(to, math.Float32bits(float32(v)))
	}
	for _, list := range all {
		for _, b := range list {
			for _, v := range []float64{b.x1 * w, b.y1 * h, b.x2 * w, b.y2 * h, float64(b.class)} {
				boxes = f4(boxes, v)
			}
			one := byte(0)
			if b.crowd {
				one = 1
			}
			if b.area == 0 {
				b.area = (b.x2 - b.x1) * (b.y2 - b.y1)
			}
			crowd, area = append(crowd, one), f4(area, b.area*w*h)
		}
		offsets = append(offsets, offsets[len(offsets)-1]+int64(len(list)))
	}
	s.labels = nil
	s.own = []Own{{Name: BoxKeys[0], Descr: "<f4", Dims: []int64{boxNumbers}, Data: boxes, Offsets: offsets}, {Name: BoxKeys[1], Descr: "|u1", Data: crowd, Offsets: offsets},
		{Name: BoxKeys[2], Descr: "<f4", Data: area, Offsets: offsets}}
}

// cocoFile is what is read of COCO's JSON.
type cocoFile struct {
	Images []struct {
		ID            int64  `json:"id"`
		File          string `json:"file_name"`
		Width, Height float64
	}
	Annotations []struct {
		Image    int64 `json:"image_id"`
		Category int64 `json:"category_id"`
		BBox     []float64
		Crowd    int `json:"iscrowd"`
		Area     float64
	}
	Categories []struct{ ID int64 }
}

// readCOCO reads the boxes of images from COCO's JSON. Classes are the categories in the order of their ids.
func readCOCO(file string, paths []string) ([][]drawnBox, error) {
	text, err := disk.Read(file, maxBoxFile)
	if err != nil {
		return nil, files.CannotOpen(file, err)
	}
	var c cocoFile
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, mistake.Errorf("%s: is not COCO's JSON (%w): give images, annotations and categories", file, err)
	}
	if len(c.Images) == 0 || len(c.Categories) == 0 {
		return nil, mistake.Errorf("%s: has %d images and %d categories: give COCO's JSON, with images, annotations and categories", file, len(c.Images), len(c.Categories))
	}
	var ids []int64
	for _, k := range c.Categories {
		ids = append(ids, k.ID)
	}
	slices.Sort(ids)
	number, sizes, named := map[int64]int{}, map[int64][2]float64{}, map[string]int64{}
	for _, im := range c.Images {
		sizes[im.ID] = [2]float64{im.Width, im.Height}
		named[path.Base(filepath.ToSlash(im.File))] = im.ID
		named[filepath.ToSlash(im.File)] = im.ID
	}
	for i, name := range paths {
		id, ok := named[name]
		if !ok {
			id, ok = named[path.Base(name)]
		}
		if !ok {
			return nil, mistake.Errorf("%s: does not list the image %s: leave it out of the folder, or add it", file, name)
		}
		if other, again := number[id]; again {
			return nil, mistake.Errorf("%s: the images %s and %s have one entry: give each its own", file, paths[other], name)
		}
		number[id] = i
		if size := sizes[id]; !(size[0] > 0 && size[1] > 0) {
			return nil, mistake.Errorf("%s: the image %s has no width and height: add them", file, name)
		}
	}
	all := make([][]drawnBox, len(paths))
	for i, a := range c.Annotations {
		at, ours := number[a.Image]
		if !ours {
			continue
		}
		class, known := slices.BinarySearch(ids, a.Category)
		switch {
		case len(a.BBox) != 4:
			return nil, mistake.Errorf("%s: annotation %d has %d numbers in bbox: give x, y, width and height", file, i, len(a.BBox))
		case !known:
			return nil, mistake.Errorf("%s: annotation %d has category %d, which categories do not list: correct it", file, i, a.Category)
		}
		w, h := sizes[a.Image][0], sizes[a.Image][1]
		x, y := a.BBox[0], a.BBox[1]
		all[at] = append(all[at], drawnBox{x / w, y / h, (x + a.BBox[2]) / w, (y + a.BBox[3]) / h, class, a.Crowd != 0, a.Area / (w * h)})
	}
	return all, nil
}

// readYOLO reads a text file beside each image's name, with lines "class cx cy w h" in fractions of the image. An image
// without one has no box.
func (s *Set) readYOLO(dir string, paths []string) ([][]drawnBox, error) {
	all, any := make([][]drawnBox, len(paths)), false
	for i, name := range paths {
		file := strings.TrimSuffix(name, path.Ext(name)) + ".txt"
		full := filepath.Join(dir, filepath.FromSlash(file))
		text, err := disk.Read(full, maxBoxFile)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, files.CannotOpen(full, err)
		}
		any = true
		s.hash.files = append(s.hash.files, hashed{name: "labels/" + file, path: full})
		for at, line := range strings.Split(string(text), "\n") {
			fields := strings.Fields(line)
			if len(fields) == 0 {
				continue
			}
			b, err := yoloLine(fields)
			if err != nil {
				return nil, mistake.Errorf("%s: line %d %w", full, at+1, err)
			}
			all[i] = append(all[i], b)
		}
	}
	if !any {
		return nil, mistake.Errorf("%s: has no text file for any image, such as %s: name the folder with YOLO's labels", dir, strings.TrimSuffix(paths[0], path.Ext(paths[0]))+".txt")
	}
	return all, nil
}

// yoloLine reads one line.
func yoloLine(fields []string) (b drawnBox, err error) {
	if len(fields) != boxNumbers {
		return b, fmt.Errorf("has %d numbers: write class, middle x, middle y, width and height", len(fields))
	}
	if b.class, err = strconv.Atoi(fields[0]); err != nil || b.class < 0 {
		return b, fmt.Errorf("has the class %q: write a number from 0 on", fields[0])
	}
	var v [4]float64
	for k := range v {
		if v[k], err = strconv.ParseFloat(fields[1+k], 64); err != nil || !(v[k] >= 0 && v[k] <= 1) {
			return b, fmt.Errorf("has %q: write fractions of the image, from 0 to 1", fields[1+k])
		}
	}
	b.x1, b.y1, b.x2, b.y2 = v[0]-v[2]/2, v[1]-v[3]/2, v[0]+v[2]/2, v[1]+v[3]/2
	return b, nil
}

// sizeText is the size of an image.
func sizeText(w, h float64) string { return fmt.Sprintf("%g x %g pixels", w, h) }
