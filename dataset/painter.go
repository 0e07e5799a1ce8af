package dataset

import (
	"bufio"
	"image"
	"image/color"
	"io"
	"runtime"

	"golang.org/x/image/draw"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// tallest bounds the scratch memory of a resize, which is 32 bytes for each row of the image and column of the result.
const tallest = 16 << 20

// painter turns images into samples of a canvas, one at a time.
type painter struct {
	c      *canvas
	rgba   *image.RGBA
	sample []byte
}

func newPainter(c *canvas) *painter {
	return &painter{c: c, rgba: image.NewRGBA(image.Rect(0, 0, c.w, c.h)), sample: make([]byte, c.w*c.h*c.channels)}
}

// paint reads an image to p.sample: 8 bits per channel, transparency dropped, resized without keeping its proportions
// by a triangle filter (which becomes wider when an image shrinks), or taken pixel by pixel if it has the size already.
func (p *painter) paint(path string) error {
	f, err := disk.Open(path)
	if err != nil {
		return cannotOpen(path, err)
	}
	defer f.Close()
	size, err := sizeOf(bufio.NewReader(f), path)
	if err != nil {
		return err
	}
	if size != p.rgba.Rect.Max && size.Y*p.c.w > tallest {
		return mistake.Errorf("%s: is %d x %d pixels, too many to be resized here: make it smaller", path, size.X, size.Y)
	}
	if size.X*size.Y > bigPixels || size.Y*p.c.w > bigPixels {
		p.c.big.Lock()
		defer p.c.big.Unlock()
		defer runtime.GC() // before the next one is decoded: two stand beside each other otherwise
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return cannotOpen(path, err)
	}
	img, _, err := image.Decode(bufio.NewReader(f))
	if err != nil {
		return notDecoded(path, err)
	}
	img = opaque(img)
	b := img.Bounds()
	switch {
	case b.Size() == p.rgba.Rect.Max:
		draw.Draw(p.rgba, p.rgba.Rect, img, b.Min, draw.Src)
	case !p.c.resize:
		return mistake.Errorf("%s: is %d x %d pixels, but other images or the network's input %s have %d x %d: resize it",
			path, b.Dx(), b.Dy(), p.c.in, p.c.w, p.c.h)
	default:
		draw.BiLinear.Scale(p.rgba, p.rgba.Rect, img, b, draw.Src, nil)
	}
	p.fill()
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

// fill takes the channels out of p.rgba. Grey is the luma of Rec. 601 in 16-bit fixed point, as in image/color.
func (p *painter) fill() {
	n := p.c.w * p.c.h
	for i := range n {
		px := p.rgba.Pix[4*i : 4*i+3 : 4*i+3]
		switch {
		case p.c.channels == 1:
			p.sample[i] = byte((19595*uint32(px[0]) + 38470*uint32(px[1]) + 7471*uint32(px[2]) + 1<<15) >> 16)
		case p.c.last:
			copy(p.sample[3*i:], px)
		default:
			p.sample[i], p.sample[n+i], p.sample[2*n+i] = px[0], px[1], px[2]
		}
	}
}
