package machine

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"example.org/demote/backend/link"
)

// keptBytes is how many bytes of files with samples a worker keeps beside the samples that are on its device, and one
// file if it is larger: that which it is about to read on in. Others are fetched again, mostly from the worker's own
// cache.
const keptBytes = 1 << 20

// held are the samples of a shape that a worker has, of files with a block each, which are fetched when they are read.
type held struct {
	n     int
	of    []int // the number of each among all; nil: its own
	sizes []int // bytes of a sample, by input
	files *keptFiles

	mu sync.Mutex
	at map[int]spot // by sample
}

// keptFiles are where a worker's samples are read from, of all shapes.
type keptFiles struct {
	get  func(f link.File, most int64) ([]byte, error)
	data *dataFile // that blocks are read from which were not put; nil: there is none

	mu   sync.Mutex
	kept []*keptBlock // the files that were read last, the newest last
}

// spot is where a sample lies in the file of its block.
type spot struct {
	block *link.Block
	slot  int
}

type keptBlock struct {
	file link.File
	data []byte
}

// Len implements device.Samples.
func (h *held) Len() int { return h.n }

// bytes are those of a sample.
func (h *held) bytes() (n int) {
	for _, size := range h.sizes {
		n += size
	}
	return n
}

// put says what lies here from now on: these blocks, of which the samples are own by number among those of the shape.
func (h *held) put(blocks []link.Block, own [][]int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = map[int]spot{}
	for i := range blocks {
		for slot, sample := range own[i] {
			h.at[sample] = spot{&blocks[i], slot}
		}
	}
}

// has says whether a sample lies here.
func (h *held) has(sample int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, is := h.at[sample]
	return is
}

// Read implements device.Samples.
func (h *held) Read(input, sample int, dst []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	p, is := h.at[sample]
	if !is {
		return fmt.Errorf("sample %d does not lie on this worker", sample)
	}
	data, err := h.files.of(p.block, h.sizes)
	if err != nil {
		return err
	}
	from := p.slot * h.bytes()
	for _, size := range h.sizes[:input] {
		from += size
	}
	if len(dst) != h.sizes[input] {
		return fmt.Errorf("%d bytes of a sample of %d", len(dst), h.sizes[input])
	}
	copy(dst, data[from:])
	return nil
}

// of are the bytes of a block of samples of so many bytes by input, fetched if they are not kept.
func (k *keptFiles) of(b *link.Block, sizes []int) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	size := 0
	for _, n := range sizes {
		size += n * len(b.Samples)
	}
	for at, one := range slices.Backward(k.kept) {
		if slices.Equal(one.file.Pieces, b.File.Pieces) && len(one.data) == size {
			k.kept = append(slices.Delete(k.kept, at, at+1), one)
			return one.data, nil
		}
	}
	data, err := k.bytesOf(b, sizes, size)
	if err == nil && len(data) != size {
		err = fmt.Errorf("block %d has %d bytes, its samples have %d", b.Number, len(data), size)
	}
	if err != nil {
		return nil, err
	}
	k.kept = append(k.kept, &keptBlock{b.File, data})
	for all := k.size(); all > keptBytes && len(k.kept) > 1; all = k.size() {
		k.kept = slices.Delete(k.kept, 0, 1)
	}
	return data, nil
}

// bytesOf are the bytes of a block, which are fetched, or read here.
func (k *keptFiles) bytesOf(b *link.Block, sizes []int, size int) ([]byte, error) {
	if !b.There {
		return k.get(b.File, int64(size))
	}
	if k.data == nil {
		return nil, fmt.Errorf("block %d is not in a file here", b.Number)
	}
	data, err := k.data.read(b.Samples, sizes)
	if err == nil && !slices.Equal(link.FileOf(data).Pieces, b.File.Pieces) {
		err = errors.New("it has changed")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: block %d in %s: %w", link.ErrFile, b.Number, k.data.path, err)
	}
	return data, nil
}

func (k *keptFiles) size() (n int) {
	for _, one := range k.kept {
		n += len(one.data)
	}
	return n
}

// readFrom puts a file in place of the one before, which is closed; nil: there is none.
func (k *keptFiles) readFrom(d *dataFile) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.data != nil {
		_ = k.data.close() // it was only read
	}
	k.data = d
}
