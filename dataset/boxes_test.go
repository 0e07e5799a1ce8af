package dataset

import (
	"archive/zip"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// floats are the numbers of an array of labels.
func floats(o Own) (list []float32) {
	for i := 0; i+4 <= len(o.Data); i += 4 {
		list = append(list, math.Float32frombits(binary.LittleEndian.Uint32(o.Data[i:])))
	}
	return list
}

func near(got []float32, want ...float32) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if math.Abs(float64(got[i]-want[i])) > 1e-4 {
			return false
		}
	}
	return true
}

// boxImages is a folder of three images of 8 x 4, 4 x 4 and 16 x 8 pixels.
func boxImages(t *testing.T) string {
	dir := t.TempDir()
	put(t, dir+"/images/a.png", solid(t, 8, 4, 9, 9, 9))
	put(t, dir+"/images/b.png", solid(t, 4, 4, 9, 9, 9))
	put(t, dir+"/images/c.png", solid(t, 16, 8, 9, 9, 9))
	return dir
}

// TestBoxesBesideImages: boxes of COCO's JSON and of YOLO's text files become pixels of the network's input, which
// images are brought to; the samples that a limit leaves keep theirs.
func TestBoxesBesideImages(t *testing.T) {
	dir := boxImages(t)
	coco := save(t, "boxes.json", []byte(`{"images": [{"id": 7, "file_name": "x/c.png", "width": 16, "height": 8}, {"id": 3, "file_name": "a.png", "width": 8, "height": 4},
		{"id": 4, "file_name": "b.png", "width": 4, "height": 4}, {"id": 5, "file_name": "far.png", "width": 4, "height": 4}],
		"categories": [{"id": 9, "name": "dog"}, {"id": 2, "name": "cat"}],
		"annotations": [{"image_id": 7, "category_id": 9, "bbox": [4, 2, 8, 4], "area": 16, "iscrowd": 1}, {"image_id": 3, "category_id": 2, "bbox": [0, 0, 4, 4], "iscrowd": 0},
		{"image_id": 5, "category_id": 2, "bbox": [0, 0, 4, 4]}, {"image_id": 3, "category_id": 9, "bbox": [4, 1, 2, 2], "area": 3}]}`))
	put(t, dir+"/labels/a.txt", []byte("0 0.25 0.5 0.5 1\n\n1 0.625 0.5 0.25 0.5\n"))
	put(t, dir+"/labels/c.txt", []byte("1 0.5 0.5 0.5 0.5"))
	for name, labels := range map[string]string{"COCO": coco, "YOLO": dir + "/labels"} {
		s := mustOpen(t, dir+"/images", input("x", Float32, -1, 3, 32, 64), Options{Kind: Boxes, Labels: labels})
		own := s.Own()
		if len(own) != 3 || own[0].Name != "boxes" || !near(floats(own[0]), 0, 0, 32, 32, 0, 32, 8, 48, 24, 1, 16, 8, 48, 24, 1) {
			t.Fatalf("%s: %+v", name, floats(own[0]))
		}
		if o := own[0].Offsets; len(o) != 4 || o[1] != 2 || o[2] != 2 || o[3] != 3 {
			t.Errorf("%s: offsets %v", name, o)
		}
		area, crowd := []float32{1024, 256, 512}, []byte{0, 0, 0}
		if name == "COCO" { // 3 of 32 pixels, 16 of 128
			area, crowd = []float32{1024, 192, 256}, []byte{0, 0, 1}
		}
		if !near(floats(own[2]), area...) || string(own[1].Data) != string(crowd) {
			t.Errorf("%s: areas %v, crowds %v", name, floats(own[2]), own[1].Data)
		}
		s.Drop([]int{0})
		if got := floats(s.Own()[0]); !near(got, 16, 8, 48, 24, 1) || s.Own()[0].Offsets[1] != 0 {
			t.Errorf("%s: left is %v", name, got)
		}
		sums := func() (text string) {
			s := mustOpen(t, dir+"/images", input("x", Float32, -1, 3, 32, 64), Options{Kind: Boxes, Labels: labels})
			files, err := s.Files()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				text += f.SHA256
			}
			return text
		}
		before, file := sums(), map[string]string{"COCO": coco, "YOLO": dir + "/labels/c.txt"}[name]
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		put(t, file, append(text, '\n'))
		if sums() == before {
			t.Errorf("%s: other labels, and the hashes stay", name)
		}
	}
}

// TestBoxesInArchive: boxes of an archive, more than are read at once, are what it has, and stay with their samples.
// Sample i has i%3 boxes, whose left ends are i.
func TestBoxesInArchive(t *testing.T) {
	const n = 2000
	x, rows, offsets := make([]byte, n), []byte{}, []int64{0}
	for i := range n {
		x[i] = byte(i)
		for range i % 3 {
			for _, v := range []float32{float32(i), 1, float32(i) + 1.5, 2, 3} {
				rows = binary.LittleEndian.AppendUint32(rows, math.Float32bits(v))
			}
		}
		offsets = append(offsets, int64(len(rows)/20))
	}
	path := save(t, "e.npz", npz(zip.Store, entry{"x.npy", npyBytes("|u1", false, []int{n, 1}, x)},
		entry{"boxes.npy", npyBytes("<f4", false, []int{len(rows) / 20, 5}, rows)}, entry{"offsets.npy", i8(offsets...)}))
	s := mustOpen(t, path, input("x", Uint8, -1, 1), Options{Kind: Boxes})
	if own := s.Own(); len(own) != 1 || string(own[0].Data) != string(rows) {
		t.Errorf("%d arrays, %d bytes of boxes, want the %d of the file", len(own), len(own[0].Data), len(rows))
	}
	s.Limit(500, 1)
	own, b := s.Own()[0], make([]byte, 1)
	for i := range s.Len() {
		if err := s.Read(0, i, b); err != nil {
			t.Fatal(err)
		}
		for at := own.Offsets[i]; at < own.Offsets[i+1]; at++ {
			box := floats(Own{Data: own.Data[20*at : 20*at+20]})
			if sample := int(box[0]); byte(sample) != b[0] || !near(box, float32(sample), 1, float32(sample)+1.5, 2, 3) || own.Offsets[i+1]-own.Offsets[i] != int64(sample%3) {
				t.Fatalf("sample %d, of byte %d, has the box %v", i, b[0], box)
			}
		}
	}
	if len(own.Data) != 20*int(own.Offsets[s.Len()]) {
		t.Errorf("%d bytes for %d boxes", len(own.Data), own.Offsets[s.Len()])
	}
}

// TestBadBoxFiles: files that cannot be read as boxes are refused in one line.
func TestBadBoxFiles(t *testing.T) {
	dir := boxImages(t)
	image := `{"id": 1, "file_name": "a.png", "width": 8, "height": 4}, {"id": 2, "file_name": "b.png", "width": 4, "height": 4}, {"id": 3, "file_name": "c.png", "width": 4, "height": 4}`
	json := func(annotation string) []byte {
		return []byte(`{"images": [` + image + `], "categories": [{"id": 1}], "annotations": [` + annotation + `]}`)
	}
	for _, c := range []struct {
		name string
		data []byte
		hint string
	}{
		{"l.json", []byte("[1, 2]"), "is not COCO's JSON"},
		{"l.json", []byte("{}"), "has 0 images and 0 categories"},
		{"l.json", []byte(strings.Replace(string(json("")), `"a.png"`, `"z.png"`, 1)), "does not list the image a.png"},
		{"l.json", []byte(strings.Replace(string(json("")), `"width": 8`, `"width": 0`, 1)), "the image a.png has no width and height"},
		{"l.json", json(`{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3]}`), "annotation 0 has 3 numbers in bbox"},
		{"l.json", json(`{"image_id": 1, "category_id": 5, "bbox": [1, 2, 3, 4]}`), "annotation 0 has category 5"},
		{"l.json", json(`{"image_id": 1, "category_id": 1, "bbox": [1, 2, 0, 4]}`), "which is empty"},
		{"l.json", json(`{"image_id": 1, "category_id": 1, "bbox": [100, 2, 3, 4]}`), "outside of the image of 64 x 32 pixels"},
		{"labels/a.txt", []byte("0 0.5 0.5 0.5"), "line 1 has 4 numbers"},
		{"labels/a.txt", []byte("\ncat 0.5 0.5 0.5 0.5"), `line 2 has the class "cat"`},
		{"labels/a.txt", []byte("0 20 0.5 0.5 0.5"), `has "20": write fractions of the image`},
		{"labels/q.txt", nil, "has no text file for any image, such as a.txt"},
	} {
		at := filepath.Join(t.TempDir(), c.name)
		put(t, at, c.data)
		if strings.HasPrefix(c.name, "labels") {
			at = filepath.Dir(at)
		}
		_, err := Open(dir+"/images", input("x", Float32, -1, 3, 32, 64), Options{Kind: Boxes, Labels: at})
		wantBad(t, err, c.hint)
	}
	_, err := Open(dir+"/images", input("x", Float32, -1, 3, 32, 64), Options{Kind: Boxes, Labels: dir + "/no.json"})
	wantBad(t, err, "no.json")
}

// TestBadBoxes: boxes that cannot be meant are refused with their number and sample.
func TestBadBoxes(t *testing.T) {
	box := func(rows ...[5]float32) entry {
		var b []byte
		for _, r := range rows {
			for _, v := range r {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
		}
		return entry{"boxes.npy", npyBytes("<f4", false, []int{len(rows), 5}, b)}
	}
	x, offsets, good := entry{"x.npy", f4(2, 3, 16, 16)}, entry{"offsets.npy", i8(0, 1, 2)}, [5]float32{1, 1, 3, 3, 0}
	nan := float32(math.NaN())
	for _, c := range []struct {
		entries []entry
		hint    string
	}{
		{[]entry{x, box(good, good)}, "has boxes and does not say whose they are: save offsets [3] too"},
		{[]entry{x, offsets, {"boxes.npy", f4(2, 4)}}, "has shape [2,4] of float32, and boxes are [boxes, 5]"},
		{[]entry{x, offsets, box(good, [5]float32{3, 1, 3, 3, 0})}, "has box 0 of sample 1 from 3, 1 to 3, 3 of class 0, which is empty"},
		{[]entry{x, offsets, box([5]float32{20, 20, 30, 30, 0}, good)}, "outside of the image of 16 x 16 pixels"},
		{[]entry{x, offsets, box([5]float32{1, 1, 3, 3, -1}, good)}, "classes are numbered from 0"},
		{[]entry{x, offsets, box([5]float32{1, 1, 3, 3, 0.5}, good)}, "classes are numbered from 0"},
		{[]entry{x, offsets, box([5]float32{1, nan, 3, 3, 0}, good)}, "has NaN in box 0 of sample 0"},
		{[]entry{x, offsets, box([5]float32{0.1, 0.1, 0.5, 1, 0}, [5]float32{0.2, 0.2, 0.9, 0.9, 1})}, "as fractions of the image have: give pixels"},
		{[]entry{x, offsets, box(good, good), {"crowd.npy", i8(0)}}, "ends with 2, and"},
		{[]entry{x, offsets, box(good, good), {"area.npy", f4(2, 2)}}, `the array "area" is no number a box`},
	} {
		path := save(t, "e.npz", npz(zip.Store, c.entries...))
		_, err := Open(path, input("x", Float32, -1, 3, 16, 16), Options{Kind: Boxes})
		wantBad(t, err, c.hint)
	}
}
