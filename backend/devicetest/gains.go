package devicetest

import (
	"math"
	"reflect"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// testGains judges blocks by metrics that count by class, by metrics of single samples and by one of outcomes. Sums of
// floats are the scorer's bit by bit where the device says so, else nearly.
func testGains(b *bench) {
	toy := NewToy(toyBlock, toySamples, 12)
	truth := metric.Truth{Labels: toy.Labels()}
	for sample := range toySamples {
		truth.Reference = append(truth.Reference, toy.Want(sample, one(2).Low)...)
	}
	for _, name := range []string{"top1", "agreement", "sqnr", "cosine", "mse", "f1"} {
		m, err := metric.ByName(name)
		b.must(err)
		j := metric.NewScorer(m, truth, toySamples)
		j.Read(metric.Output{Name: "y", Dims: []int64{toyBlock, toyClasses}, Slots: toyBlock, Pieces: 1})
		b.must(j.Check())
		b.open() // a lane has one scorer
		l, blocks := b.compile(toy, 1, 0, 4).Lanes()[0], b.load(toy)
		for _, mask := range masks() {
			got := make([]bounds.Gain, len(blocks))
			b.must(l.Do(func() error {
				if err := l.SetMask(mask); err != nil {
					return err
				}
				for i, block := range blocks {
					if err := l.RunPart(block, 0); err != nil {
						return err
					}
					if err := l.Judge(j, block, &got[i]); err != nil {
						return err
					}
				}
				return l.Wait()
			}))
			for i, block := range blocks {
				b.checkGain(name, mask.String(), toy.gain(j, block, mask.Low), got[i])
			}
			b.checkMarks(l, j, toy, blocks, name, mask)
		}
		b.close()
	}
}

// checkMarks judges the blocks again, with a mark behind each and as many under way as there may be: a gain is there
// once its mark is reached.
func (b *bench) checkMarks(l device.Lane, j *metric.Scorer, toy *Toy, blocks []device.Block, name string, mask search.Mask) {
	b.Helper()
	got := make([]bounds.Gain, len(blocks))
	b.must(l.Do(func() error {
		for at := range len(blocks) + device.Marks {
			if past := at - device.Marks; past >= 0 {
				if err := l.Reach(); err != nil {
					return err
				}
				b.checkGain(name+", at its mark", mask.String(), toy.gain(j, blocks[past], mask.Low), got[past])
			}
			if at >= len(blocks) {
				continue
			}
			if err := l.RunPart(blocks[at], 0); err != nil {
				return err
			}
			if err := l.Judge(j, blocks[at], &got[at]); err != nil {
				return err
			}
			if err := l.Mark(); err != nil {
				return err
			}
		}
		return nil
	}))
}

// gain is what a block should gain.
func (t *Toy) gain(j *metric.Scorer, block device.Block, low func(holder int) bool) bounds.Gain {
	var rows []float32
	for _, sample := range block.Samples() {
		rows = append(rows, t.Want(sample, low)...)
	}
	return j.Block(rows, block.Samples())
}

func (b *bench) checkGain(name, mask string, want, got bounds.Gain) {
	b.Helper()
	if m, err := metric.ByName(name); err == nil && m.Countable && got.Hits != want.Hits {
		b.Errorf("%s, mask %s: the samples %b count, want %b", name, mask, got.Hits, want.Hits)
	}
	near := got.Count == want.Count && reflect.DeepEqual(got.Outcomes, want.Outcomes) && math.Abs(got.Sum-want.Sum) <= 1e-9*math.Abs(want.Sum)
	if !reflect.DeepEqual(got, want) && (b.InOrder || !near) {
		b.Errorf("%s, mask %s: gain %+v, want %+v", name, mask, got, want)
	}
}
