package machine

import (
	"context"
	"slices"

	"example.org/demote/backend/link"
)

// Hold implements fleet.Member. The samples are put as files, a block each; the worker fetches those that it has not.
func (e *elsewhere) Hold(blocks []int) error {
	return e.holdOf(blocks, e.of.layouts, e.of.cells)
}

// holdOf is Hold of the blocks of a layout, by its number.
func (e *elsewhere) holdOf(blocks []int, layout int, cells []cell) error {
	e.quit()
	with := withFirsts(blocks, firstsOf(cells, len(e.of.shapes)))
	args := link.HoldArgs{Own: append([]int{}, blocks...)}
	if e.laid != layout {
		e.laid, e.files = layout, map[int]link.Block{}
	}
	for _, b := range with {
		f, is := e.files[b]
		if !is {
			var err error
			if f, err = e.putBlock(b, cells[b]); err != nil {
				return err
			}
			e.files[b] = f
		}
		args.Blocks = append(args.Blocks, f)
	}
	e.mu.Lock()
	e.blocks = slices.Clone(blocks)
	e.mu.Unlock()
	return e.ask("hold", args, nil)
}

// putBlock puts the samples of a block.
func (e *elsewhere) putBlock(b int, c cell) (f link.Block, err error) {
	ctx, gone := e.there()
	if gone != nil {
		return f, gone
	}
	f = link.Block{Number: b, Samples: slices.Clone(c.samples)}
	s := e.of.shapes[c.shape]
	if err := e.putTruth(ctx, &f, s, c.own); err != nil {
		return f, err
	}
	form := s.form()
	shelf := e.of.opts.Shelf
	var at link.Place
	if shelf != nil {
		at = link.PlaceOf(e.root, form, f.Samples)
	}
	if file, is := shelf.Find(at); is {
		f.File = file
		return f, nil
	}
	data, err := s.bytesOf(c.own)
	if err != nil {
		return f, err
	}
	if e.reads {
		f.File, f.There = link.FileOf(data), true
		return f, nil
	}
	if f.File, err = link.Put(ctx, e.link, data); err == nil {
		shelf.Keep(at, f.File)
		return f, nil
	}
	if ctx.Err() != nil {
		return f, ctx.Err()
	}
	return f, e.lose(err)
}

// putTruth gives a block what its outputs are compared with, where blocks have that. own are its samples by number
// among those of their shape.
func (e *elsewhere) putTruth(ctx context.Context, b *link.Block, s *shaping, own []int) error {
	if s.truthOf == nil {
		return nil
	}
	return b.SetTruth(s.opts.Truth, s.truthOf, own, s.from.Len(), func(data []byte) (link.File, error) {
		f, err := link.Put(ctx, e.link, data)
		if err != nil && ctx.Err() == nil {
			err = e.lose(err)
		}
		return f, err
	})
}
