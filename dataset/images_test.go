package dataset

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// pixel is what every picture of these tests has at (x, y), as in testdata/make.py.
func pixel(x, y int) color.NRGBA {
	return color.NRGBA{uint8(60 * x), uint8(100 * y), uint8(200 - 10*x), 255}
}

func picture(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, pixel(x, y))
		}
	}
	return m
}

// open1 opens a folder with one image and reads it as uint8.
func open1(t *testing.T, name string, data []byte, dims ...int64) []float64 {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, name), data)
	return values(t, mustOpen(t, dir, input("in", Uint8, dims...), Options{}), 0, 0)
}

// wantPicture is the 4 x 2 picture with the channels first, last or folded to grey.
func wantPicture(channels int, last bool) []float64 {
	v := make([]float64, 8*channels)
	for y := range 2 {
		for x := range 4 {
			p := pixel(x, y)
			rgb := []float64{float64(p.R), float64(p.G), float64(p.B)}
			if channels == 1 {
				rgb = []float64{math.Round(0.299*rgb[0] + 0.587*rgb[1] + 0.114*rgb[2])}
			}
			for c := range channels {
				if last {
					v[(y*4+x)*channels+c] = rgb[c]
				} else {
					v[c*8+y*4+x] = rgb[c]
				}
			}
		}
	}
	return v
}

func TestImageLayouts(t *testing.T) {
	data := encodePNG(t, picture(4, 2))
	for _, c := range []struct {
		name     string
		dims     []int64
		channels int
		last     bool
	}{
		{"NCHW", []int64{-1, 3, 2, 4}, 3, false},
		{"NHWC", []int64{-1, 2, 4, 3}, 3, true},
		{"NCHW grey", []int64{1, 1, 2, 4}, 1, false},
		{"NHWC grey", []int64{-1, 2, 4, 1}, 1, false},
		{"no channel axis", []int64{-1, 2, 4}, 1, false},
		{"open size", []int64{-1, 3, -1, -1}, 3, false},
		{"open size, last", []int64{-1, -1, -1, 3}, 3, true},
		{"all open", []int64{-1, -1, -1, -1}, 3, false},
		{"open width", []int64{-1, 3, 2, -1}, 3, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, want := open1(t, "a.png", data, c.dims...), wantPicture(c.channels, c.last); !slices.Equal(got, want) {
				t.Errorf("%v\nwant %v", got, want)
			}
		})
	}
}

// Every lossless format gives the very pixels; what is transparent keeps its colour.
func TestImageFormats(t *testing.T) {
	m := picture(4, 2)
	clear := picture(4, 2)
	for i := 3; i < len(clear.Pix); i += 4 {
		clear.Pix[i] = uint8(i)
	}
	deep := image.NewNRGBA64(m.Rect)
	var palette color.Palette
	for y := range 2 {
		for x := range 4 {
			p := pixel(x, y)
			deep.SetNRGBA64(x, y, color.NRGBA64{uint16(p.R)<<8 | 7, uint16(p.G)<<8 | 7, uint16(p.B)<<8 | 7, uint16(x) << 14})
			p.A = uint8(y * 255)
			palette = append(palette, p)
		}
	}
	indexed := image.NewPaletted(m.Rect, palette)
	for i := range indexed.Pix {
		indexed.Pix[i] = uint8(i)
	}
	solidIndexed := image.NewPaletted(m.Rect, nil)
	for _, p := range palette {
		n := p.(color.NRGBA)
		n.A = 255
		solidIndexed.Palette = append(solidIndexed.Palette, n)
	}
	copy(solidIndexed.Pix, indexed.Pix)
	var g bytes.Buffer
	if err := gif.Encode(&g, solidIndexed, nil); err != nil {
		t.Fatal(err)
	}
	webp := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := wantPicture(3, false)
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"a.png", encodePNG(t, m)},
		{"transparent.png", encodePNG(t, clear)},
		{"deep.png", encodePNG(t, deep)},
		{"indexed.png", encodePNG(t, indexed)},
		{"a.gif", g.Bytes()},
		{"a.webp", webp("lossless.webp")},
		{"the name does not matter.jpeg", webp("lossless.webp")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := open1(t, c.name, c.data, -1, 3, 2, 4); !slices.Equal(got, want) {
				t.Errorf("%v\nwant %v", got, want)
			}
		})
	}
	t.Run("alpha.webp", func(t *testing.T) {
		got := open1(t, "a.webp", webp("alpha.webp"), -1, 3, 2, 4)
		if got[0] != 10 || got[8] != 20 || got[16] != 30 || !slices.Equal(got[1:8], want[1:8]) {
			t.Errorf("%v", got)
		}
	})
	t.Run("grey.png", func(t *testing.T) {
		grey := image.NewGray(m.Rect)
		copy(grey.Pix, []uint8{0, 1, 2, 127, 128, 253, 254, 255})
		one := []float64{0, 1, 2, 127, 128, 253, 254, 255}
		if got := open1(t, "a.png", encodePNG(t, grey), -1, 1, 2, 4); !slices.Equal(got, one) {
			t.Errorf("%v, want %v", got, one)
		}
		if got := open1(t, "a.png", encodePNG(t, grey), -1, 3, 2, 4); !slices.Equal(got, slices.Repeat(one, 3)) {
			t.Errorf("%v, want %v thrice", got, one)
		}
	})
	t.Run("a.jpg", func(t *testing.T) {
		var b bytes.Buffer
		grey := image.NewUniform(color.Gray{90})
		big := image.NewGray(image.Rect(0, 0, 16, 16))
		for i := range big.Pix {
			big.Pix[i] = grey.C.(color.Gray).Y
		}
		if err := jpeg.Encode(&b, big, nil); err != nil {
			t.Fatal(err)
		}
		for _, v := range open1(t, "a.jpg", b.Bytes(), -1, 1, 4, 4) {
			if v != 90 {
				t.Errorf("%v, want 90", v)
			}
		}
	})
}

// Halving averages with the triangle filter: weights 1, 3, 3, 1 out of 8 around each new pixel, cut at the border.
func TestImageResize(t *testing.T) {
	row := []uint8{0, 0, 0, 240, 240, 240, 0, 0}
	m := image.NewGray(image.Rect(0, 0, 8, 1))
	copy(m.Pix, row)
	want := make([]float64, 4)
	for i := range want {
		var sum, weight float64
		for k, w := range []float64{1, 3, 3, 1} {
			if at := 2*i - 1 + k; at >= 0 && at < len(row) {
				sum += w * float64(row[at])
				weight += w
			}
		}
		want[i] = sum / weight
	}
	got := open1(t, "a.png", encodePNG(t, m), -1, 1, 1, 4)
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1 {
			t.Errorf("%v, want %v", got, want)
			break
		}
	}
	flat := open1(t, "a.png", solid(t, 7, 5, 10, 20, 255), -1, 3, 11, 3)
	if want := slices.Concat(slices.Repeat([]float64{10}, 33), slices.Repeat([]float64{20}, 33), slices.Repeat([]float64{255}, 33)); !slices.Equal(flat, want) {
		t.Errorf("one colour becomes %v", flat)
	}
}
