package machine

import (
	"errors"
	"slices"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/backend/fleet"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// Plan implements Machine: the first member chooses the cuts, and the others take them, but for those elsewhere, each
// of which chooses its own. They differ in time alone.
func (f *Members) Plan() (p Plan, err error) {
	first := f.first()
	if _, is := first.(*elsewhere); is {
		plans, err := askAll(f, part.plan)
		f.cut = err == nil
		p := plans[f.first()]
		f.measured(p)
		return p, err
	}
	if p, err = first.plan(); err != nil {
		return p, err
	}
	f.measured(p)
	for _, m := range f.members() { // a source is asked by one at a time
		if m == first {
			continue
		}
		if err := m.(*here).adopt(first.(*here)); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Block implements Machine.
func (f *Members) Block() (blocked int, err error) {
	for _, m := range f.members() {
		if blocked, err = m.block(); errors.Is(err, fleet.ErrGone) {
			err = f.without(m, err)
		}
		if err != nil {
			return blocked, err
		}
	}
	return blocked, nil
}

// Fleeting implements Machine.
func (f *Members) Fleeting(on bool) {
	f.beside = on
	_ = f.each(func(m part) error { return m.fleeting(on) })
}

// Give implements Machine.
func (f *Members) Give(gained []metric.Verdict) {
	_ = f.each(func(m part) error { return m.give(gained) })
}

// HasHead implements Machine.
func (f *Members) HasHead(samples int) {
	if f.judged == nil { // samples of several shapes have no head
		f.head, f.shapes[0].far = samples, nil
	}
}

// Order implements Machine.
func (f *Members) Order() []int { return f.order }

// Before implements Machine.
func (f *Members) Before(blocks int) (samples int) {
	for _, c := range f.cells[:min(blocks, len(f.cells))] {
		samples += len(c.samples)
	}
	return samples
}

// Workers implements Machine.
func (f *Members) Workers() (n int) {
	for _, m := range f.members() {
		n += m.workers()
	}
	return n
}

// Threads is the number of threads of the runtime that a worker has.
func (f *Members) Threads() int { return f.opts.Threads }

// Row implements Machine.
func (f *Members) Row() int { return rowOf(f.judges()) }

// RowOf implements Machine.
func (f *Members) RowOf(sample int) int {
	j, _ := f.judging(sample)
	return j.Length()
}

// Judged implements Machine.
func (f *Members) Judged(m *metric.Metric) int { return judgedBy(f.shapes[0].judge, m) }

// Steps implements Machine.
func (f *Members) Steps() int { return f.shapes[0].judge.Judged() }

// Verdict implements Machine.
func (f *Members) Verdict(row []float32, sample int) metric.Verdict {
	j, own := f.judging(sample)
	return j.Verdict(row, own)
}

// Margin implements Machine.
func (f *Members) Margin(row []float32, sample int, v metric.Verdict) float64 {
	j, own := f.judging(sample)
	return j.Margin(row, own, v)
}

// GainOfHit implements Machine.
func (f *Members) GainOfHit(hit bool, sample int) (gain float64, ok bool) {
	j, own := f.judging(sample)
	return j.GainOfHit(hit, own)
}

// WatchNaN implements Machine. What a member has seen that is lost meanwhile is not known: there may have been one
// then.
func (f *Members) WatchNaN(on bool) (seen bool, err error) {
	if f.beside = on; on {
		f.watching = len(f.members())
	}
	here, err := askAll(f, func(m part) (bool, error) { return m.watchNaN(on) })
	seen = len(f.members()) < f.watching
	for _, one := range here {
		seen = seen || one
	}
	return err == nil && seen, err
}

// holding chooses the member that a sample lies on.
func (f *Members) holding(sample int) func() part {
	return func() part {
		return f.list[f.Owner(slices.IndexFunc(f.cells, func(c cell) bool { return slices.Contains(c.samples, sample) }))]
	}
}

// FirstNaN implements Machine.
func (f *Members) FirstNaN(sample int) (string, error) {
	return askOne(f, f.holding(sample), func(m part) (string, error) { return m.firstNaN(sample) })
}

// FirstDifference implements Machine.
func (f *Members) FirstDifference(with Machine, mask search.Mask, sample int) (string, error) {
	return askOne(f, f.holding(sample), func(m part) (string, error) { return m.firstDifference(with, mask, sample) })
}

// NoOps implements Machine.
func (f *Members) NoOps(block int) []int { return f.list[f.Owner(block)].noOps(block) }

// Parts implements Machine: those of one member.
func (f *Members) Parts() int { return f.first().parts() }

// StoredAt implements Machine.
func (f *Members) StoredAt() [][]device.StoredTensor { return f.first().storedAt() }

// TimeSwitch implements Machine.
func (f *Members) TimeSwitch(mask search.Mask) time.Duration {
	begun := time.Now()
	_ = f.each(func(m part) error { return m.timeSwitch(mask) })
	return time.Since(begun)
}

// Rebuild implements Machine: on one member.
func (f *Members) Rebuild() error {
	_, err := askOne(f, f.first, func(m part) (struct{}, error) { return struct{}{}, m.rebuild() })
	return err
}

// Count implements Machine.
func (f *Members) Count(s *Stats) {
	for _, m := range f.list {
		m.count(s)
	}
}

// Traffic implements Machine: that of all members.
func (f *Members) Traffic() (all device.Traffic) {
	for _, m := range f.list {
		all = all.Add(m.traffic())
	}
	return all
}

// Graphs implements Machine: those of one member.
func (f *Members) Graphs() (captured int, why string) { return f.first().graphs() }

// Remark implements Machine.
func (f *Members) Remark() string {
	for _, m := range f.members() {
		if text := m.remark(); text != "" {
			return text
		}
	}
	return ""
}
