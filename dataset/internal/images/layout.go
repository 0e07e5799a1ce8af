package images

import (
	"image"
	"image/color"
	"io"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	_ "image/gif"  // decoder
	_ "image/jpeg" // decoder
	_ "image/png"  // decoder

	_ "golang.org/x/image/webp" // decoder

	"example.org/demote/crash"
	"example.org/demote/dataset/internal/files"
	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// Bounds of an image. A progressive JPEG takes up to 20 bytes per pixel while it is decoded.
const (
	mostPixels = 40_000_000
	mostSide   = 32_768    // of width and of height: a resize needs memory for each row and column
	bigPixels  = 4_000_000 // images above are decoded one at a time
)

// Layout is the image input of a network: how many channels it has and on which axis, and the width and height that
// every image is brought to.
type Layout struct {
	input    string // as messages name it
	channels int
	axes     int  // of a sample: 2 without a channel axis, else 3
	last     bool // the channel axis is the last one
	w, h     int
	resize   bool // false: images must have this size, since the network's own is open

	big sync.Mutex
}

// NewLayout reads the layout from the input: [N,C,H,W] or [N,H,W,C] with 1 or 3 channels, or [N,H,W]. A size that the
// network leaves open is that of the first image.
func NewLayout(dir, first, input string, dims []int64) (*Layout, error) {
	l := &Layout{input: input, channels: 1, axes: len(dims) - 1, resize: true}
	isChannels := func(d int64) bool { return d == 1 || d == 3 }
	sample := dims[min(1, len(dims)):] // a scalar has no axis
	var h, w int64
	switch {
	case len(sample) == 2:
		h, w = sample[0], sample[1]
	case len(sample) == 3 && isChannels(sample[0]):
		l.channels, h, w = int(sample[0]), sample[1], sample[2]
	case len(sample) == 3 && isChannels(sample[2]):
		l.channels, h, w, l.last = int(sample[2]), sample[0], sample[1], true
	case len(sample) == 3 && sample[0] == -1:
		l.channels, h, w = 3, sample[1], sample[2]
	default:
		return nil, mistake.Errorf("%s: is a folder of images, but the network's input is %s: an image needs [N,C,H,W] or [N,H,W,C] with 1 or 3 channels",
			dir, input)
	}
	if h == -1 || w == -1 {
		l.resize = false
		size, err := readSize(filepath.Join(dir, filepath.FromSlash(first)))
		if err != nil {
			return nil, err
		}
		if h == -1 {
			h = int64(size.Y)
		}
		if w == -1 {
			w = int64(size.X)
		}
	}
	if h > mostSide || w > mostSide || h*w > mostPixels {
		return nil, mistake.Errorf("%s: the network's input %s is larger than any image that is read (%d pixels, %d on a side): save arrays", dir, input, mostPixels, mostSide)
	}
	l.h, l.w = int(h), int(w)
	return l, nil
}

// Shape is the shape of one sample.
func (l *Layout) Shape() []int64 {
	switch h, w, ch := int64(l.h), int64(l.w), int64(l.channels); {
	case l.axes == 2:
		return []int64{h, w}
	case l.last:
		return []int64{h, w, ch}
	default:
		return []int64{ch, h, w}
	}
}

// DecodeAll decodes the images of a folder with all processors and writes them to f, one sample after another, a byte a
// channel. It counts them for t. The error is a mistake.Err, of the first image that has one; temp only words that of a
// disk without room.
func (l *Layout) DecodeAll(f io.WriterAt, temp *files.Spool, dir string, images []string, t *Progress) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	var mu sync.Mutex
	failed, failure := len(images), error(nil)
	for range min(runtime.GOMAXPROCS(0), len(images)) {
		wait.Go(func() {
			d := newDecoder(l)
			for {
				i := int(next.Add(1) - 1)
				mu.Lock()
				stop := i >= failed // images before the failed one still have their say
				mu.Unlock()
				if stop {
					return
				}
				err := caught(d, filepath.Join(dir, filepath.FromSlash(images[i])))
				if err == nil {
					if _, e := f.WriteAt(d.sample, int64(i)*int64(len(d.sample))); e != nil {
						err = mistake.Errorf("%s: the folder of images %w", dir, temp.Unwritable(e))
					}
				}
				t.add()
				if err != nil {
					mu.Lock()
					if i < failed {
						failed, failure = i, err
					}
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	return failure
}

// caught decodes an image; a panic, of the standard library's decoder say, is its error.
func caught(d *decoder, path string) (err error) {
	defer crash.Catch(&err)
	return d.decode(path)
}

// readSize reads the size of an image, within bounds, without decoding it.
func readSize(path string) (image.Point, error) {
	f, err := disk.Open(path)
	if err != nil {
		return image.Point{}, files.CannotOpen(path, err)
	}
	defer f.Close()
	return sizeOf(f, path)
}

func sizeOf(f io.Reader, path string) (image.Point, error) {
	cfg, _, err := image.DecodeConfig(f)
	if err != nil {
		return image.Point{}, notDecoded(path, err)
	}
	most := int64(mostPixels)
	if cfg.ColorModel == color.CMYKModel { // four channels, of which a progressive JPEG keeps all coefficients
		most /= 2
	}
	switch {
	case cfg.Width <= 0 || cfg.Height <= 0:
		return image.Point{}, mistake.Errorf("%s: is %d x %d pixels: save it again", path, cfg.Width, cfg.Height)
	case cfg.Width > mostSide || cfg.Height > mostSide || int64(cfg.Width)*int64(cfg.Height) > most:
		return image.Point{}, mistake.Errorf("%s: claims %d x %d pixels, and %d is the most, %d on a side: make it smaller", path, cfg.Width, cfg.Height, most, mostSide)
	}
	return image.Pt(cfg.Width, cfg.Height), nil
}

func notDecoded(path string, err error) error {
	return mistake.Errorf("%s: is no PNG, JPEG, GIF or WebP image, or a damaged one (%w): save it again", path, err)
}
