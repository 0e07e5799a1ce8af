package machine

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"example.org/demote/backend/link"
)

// keptBytes is how many bytes of samples a worker keeps beside those that are on its device: they are read again where
// blocks move, and by the self-test. Others are fetched again.
const keptBytes = 256 << 20

// held are the samples that a worker has, of files with a block each, which are fetched when they are read.
type held struct {
	n     int
	sizes []int // bytes of a sample, by input
	get   func(f link.File, most int64) ([]byte, error)
	data  *dataFile // that blocks are read from which were not put; nil: there is none

	mu   sync.Mutex
	at   map[int]spot // by sample
	kept []*keptBlock // of the files that were read last, the newest last
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

// put says what lies here from now on.
func (h *held) put(blocks []link.Block) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = map[int]spot{}
	for i := range blocks {
		for slot, sample := range blocks[i].Samples {
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
	data, err := h.fileOf(p.block)
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

// fileOf are the bytes of a block, fetched if they are not kept. mu is held.
func (h *held) fileOf(b *link.Block) ([]byte, error) {
	size := len(b.Samples) * h.bytes()
	for at, k := range slices.Backward(h.kept) {
		if slices.Equal(k.file.Pieces, b.File.Pieces) && len(k.data) == size {
			h.kept = append(slices.Delete(h.kept, at, at+1), k)
			return k.data, nil
		}
	}
	data, err := h.bytesOf(b, size)
	if err == nil && len(data) != size {
		err = fmt.Errorf("block %d has %d bytes, its samples have %d", b.Number, len(data), size)
	}
	if err != nil {
		return nil, err
	}
	h.kept = append(h.kept, &keptBlock{b.File, data})
	for all := h.keptSize(); all > keptBytes && len(h.kept) > 1; all = h.keptSize() {
		h.kept = slices.Delete(h.kept, 0, 1)
	}
	return data, nil
}

// bytesOf are the bytes of a block, which are fetched, or read here.
func (h *held) bytesOf(b *link.Block, size int) ([]byte, error) {
	if !b.There {
		return h.get(b.File, int64(size))
	}
	if h.data == nil {
		return nil, fmt.Errorf("block %d is not in a file here", b.Number)
	}
	data, err := h.data.read(b.Samples, h.sizes)
	if err == nil && !slices.Equal(link.FileOf(data).Pieces, b.File.Pieces) {
		err = errors.New("it has changed")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: block %d in %s: %w", link.ErrFile, b.Number, h.data.path, err)
	}
	return data, nil
}

func (h *held) keptSize() (n int) {
	for _, k := range h.kept {
		n += len(k.data)
	}
	return n
}
