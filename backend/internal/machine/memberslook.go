package machine

import (
	"slices"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// Plan implements Machine: the first member chooses the cuts, and the others take them. They differ in time alone.
func (f *Members) Plan() (p Plan, err error) {
	first := f.first()
	if err := first.do(func() error { p, err = first.Plan(); return err }); err != nil {
		return p, err
	}
	for _, m := range f.members() { // a source is asked by one at a time
		if m == first {
			continue
		}
		if err := m.do(func() error { return m.adopt(first.Single, p) }); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Block implements Machine.
func (f *Members) Block() (blocked int, err error) {
	for _, m := range f.members() {
		err := m.do(func() error {
			n, err := m.Single.Block()
			blocked = n
			return err
		})
		if err != nil {
			return blocked, err
		}
	}
	return blocked, nil
}

// Fleeting implements Machine.
func (f *Members) Fleeting(on bool) {
	_ = f.each(func(_ int, m *member) error { m.fleeting = on; return nil })
}

// Give implements Machine.
func (f *Members) Give(gained []metric.Verdict) {
	_ = f.each(func(_ int, m *member) error { m.gained = gained; return nil })
}

// HasHead implements Machine.
func (f *Members) HasHead(samples int) { f.head, f.far = samples, nil }

// Order implements Machine.
func (f *Members) Order() []int { return f.order }

// Before implements Machine.
func (f *Members) Before(blocks int) int { return min(blocks*f.opts.Block, f.samples) }

// Workers implements Machine.
func (f *Members) Workers() (n int) {
	for _, m := range f.members() {
		n += m.Single.Workers()
	}
	return n
}

// Threads is the number of threads of the runtime that a worker has.
func (f *Members) Threads() int { return f.list[0].Threads() }

// Row implements Machine.
func (f *Members) Row() int { return f.judge().Length() }

// RowOf implements Machine.
func (f *Members) RowOf(int) int { return f.judge().Length() }

// Judged implements Machine.
func (f *Members) Judged(m *metric.Metric) int { return f.list[0].Judged(m) }

// Steps implements Machine.
func (f *Members) Steps() int { return f.judge().Judged() }

// Verdict implements Machine.
func (f *Members) Verdict(row []float32, sample int) metric.Verdict {
	return f.judge().Verdict(row, sample)
}

// Margin implements Machine.
func (f *Members) Margin(row []float32, sample int, v metric.Verdict) float64 {
	return f.judge().Margin(row, sample, v)
}

// GainOfHit implements Machine.
func (f *Members) GainOfHit(hit bool, sample int) (gain float64, ok bool) {
	return f.judge().GainOfHit(hit, sample)
}

// WatchNaN implements Machine.
func (f *Members) WatchNaN(on bool) (seen bool, err error) {
	for _, m := range f.members() {
		err := m.do(func() error {
			here, err := m.Single.WatchNaN(on)
			seen = seen || here
			return err
		})
		if err != nil {
			return false, err
		}
	}
	return seen, nil
}

// holding is the member that a sample lies on.
func (f *Members) holding(sample int) *member {
	return f.list[f.Owner(slices.Index(f.order, sample)/f.opts.Block)]
}

// FirstNaN implements Machine.
func (f *Members) FirstNaN(sample int) (name string, err error) {
	m := f.holding(sample)
	err = m.do(func() error { name, err = m.Single.FirstNaN(sample); return err })
	return name, err
}

// FirstDifference implements Machine.
func (f *Members) FirstDifference(with Machine, mask search.Mask, sample int) (name string, err error) {
	m := f.holding(sample)
	err = m.do(func() error { name, err = m.Single.FirstDifference(with, mask, sample); return err })
	return name, err
}

// NoOps implements Machine.
func (f *Members) NoOps(block int) (holders []int) {
	m := f.list[f.Owner(block)]
	m.own.Do(func() { holders = m.Single.NoOps(m.at[block]) })
	return holders
}

// Parts implements Machine: those of one member.
func (f *Members) Parts() int { return f.first().Parts() }

// StoredAt implements Machine.
func (f *Members) StoredAt() [][]device.StoredTensor { return f.first().StoredAt() }

// TimeSwitch implements Machine.
func (f *Members) TimeSwitch(mask search.Mask) time.Duration {
	begun := time.Now()
	_ = f.each(func(_ int, m *member) error { m.Single.TimeSwitch(mask); return nil })
	return time.Since(begun)
}

// Rebuild implements Machine: on one member.
func (f *Members) Rebuild() error { return f.first().do(f.first().Single.Rebuild) }

// Count implements Machine.
func (f *Members) Count(s *Stats) {
	for _, m := range f.list {
		m.own.Do(func() { m.Single.Count(s) })
	}
}

// Traffic implements Machine: that of all members.
func (f *Members) Traffic() (all device.Traffic) {
	for _, m := range f.list {
		m.own.Do(func() { all = all.Add(m.Single.Traffic()) })
	}
	return all
}

// Graphs implements Machine: those of one member.
func (f *Members) Graphs() (captured int, why string) {
	m := f.first()
	m.own.Do(func() { captured, why = m.Single.Graphs() })
	return captured, why
}

// Remark implements Machine.
func (f *Members) Remark() (text string) {
	for _, m := range f.members() {
		m.own.Do(func() {
			if text == "" {
				text = m.Single.Remark()
			}
		})
	}
	return text
}
