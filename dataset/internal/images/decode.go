package images

import (
	"bufio"
	"image"
	"image/color"
	"io"
	"runtime"

	"golang.org/x/image/draw"

	"example.org/demote/dataset/internal/files"
	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// tallest bounds the scratch memory of a resize, which is 32 bytes for each row of the image and column of the result.
const tallest = 16 << 20

// decoder turns images into samples of a layout, one at a time. It serves one goroutine.
type decoder struct {
	layout *Layout
	rgba   *image.RGBA // the image in the size of the layout
	sample []byte      // the same as the network's axes have it, one byte a channel
}

func newDecoder(l *Layout) *decoder {
	return &decoder{layout: l, rgba: image.NewRGBA(image.Rect(0, 0, l.w, l.h)), sample: make([]byte, l.w*l.h*l.channels)}
}

// decode reads an image to d.sample: 8 bits per channel, transparency dropped, resized without keeping its proportions
// by a triangle filter (which becomes wider when an image shrinks), or taken pixel by pixel if it has the size already.
func (d *decoder) decode(path string) error {
	f, err := disk.Open(path)
	if err != nil {
		return files.CannotOpen(path, err)
	}
	defer f.Close()
	size, err := sizeOf(bufio.NewReader(f), path)
	if err != nil {
		return err
	}
	if size != d.rgba.Rect.Max && size.Y*d.layout.w > tallest {
		return mistake.Errorf("%s: is %d x %d pixels, too many to be resized here: make it smaller", path, size.X, size.Y)
	}
	if size.X*size.Y > bigPixels || size.Y*d.layout.w > bigPixels {
		d.layout.big.Lock()
		defer d.layout.big.Unlock()
		defer runtime.GC() // before the next one is decoded: two stand beside each other otherwise
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return files.CannotOpen(path, err)
	}
	img, _, err := image.Decode(bufio.NewReader(f))
	if err != nil {
		return notDecoded(path, err)
	}
	img = opaque(img)
	b := img.Bounds()
	switch {
	case b.Size() == d.rgba.Rect.Max:
		draw.Draw(d.rgba, d.rgba.Rect, img, b.Min, draw.Src)
	case !d.layout.resize:
		return mistake.Errorf("%s: is %d x %d pixels, but other images or the network's input %s have %d x %d: resize it",
			path, b.Dx(), b.Dy(), d.layout.input, d.layout.w, d.layout.h)
	default:
		draw.BiLinear.Scale(d.rgba, d.rgba.Rect, img, b, draw.Src, nil)
	}
	d.fill()
	return nil
}

// opaque makes all pixels of a decoded image opaque, keeping their colours.
func opaque(img image.Image) image.Image {
	switch m := img.(type) {
	case *image.NRGBA:
		for i := 3; i < len(m.Pix); i += 4 {
			m.Pix[i] = 0xff
		}
	case *image.NRGBA64:
		for i := 6; i+1 < len(m.Pix); i += 8 {
			m.Pix[i], m.Pix[i+1] = 0xff, 0xff
		}
	case *image.NYCbCrA:
		return &m.YCbCr
	case *image.Paletted:
		for i, c := range m.Palette {
			n := color.NRGBAModel.Convert(c).(color.NRGBA)
			if p, ok := c.(color.NRGBA); ok {
				n = p // keeps the colour of what is fully transparent
			}
			n.A = 0xff
			m.Palette[i] = n
		}
	}
	return img
}

// fill takes the channels out of d.rgba. Grey is the luma of Rec. 601 in 16-bit fixed point, as in image/color.
func (d *decoder) fill() {
	n := d.layout.w * d.layout.h
	for i := range n {
		px := d.rgba.Pix[4*i : 4*i+3 : 4*i+3]
		switch {
		case d.layout.channels == 1:
			d.sample[i] = byte((19595*uint32(px[0]) + 38470*uint32(px[1]) + 7471*uint32(px[2]) + 1<<15) >> 16)
		case d.layout.last:
			copy(d.sample[3*i:], px)
		default:
			d.sample[i], d.sample[n+i], d.sample[2*n+i] = px[0], px[1], px[2]
		}
	}
}
