//go:build cuda

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"example.org/demote/cuda"
	"example.org/demote/quant"
)

// speed times fake_quant on sizes inside and beyond the caches, a launch without work, and a wait. The numbers of the
// emulated device are those of a CPU that plays one.
func speed(r *Report, d *cuda.Device, s *cuda.Stream) (err error) {
	list, err := records()
	if err != nil {
		return err
	}
	largest := 64 << 20
	if r.Emulated {
		largest = 1 << 20
	}
	table, e1 := cuda.NewBuffer[quant.Params](d, "records", 2*len(list))
	mask, e2 := cuda.NewBuffer[uint8](d, "mask", 1)
	grids, e4 := cuda.NewBuffer[quant.Params](d, "grids", len(list))
	x, e3 := cuda.NewBuffer[float32](d, "x", largest)
	defer func() { err = errors.Join(err, table.Close(), mask.Close(), grids.Close(), x.Close()) }()
	if err := errors.Join(e1, e2, e3, e4, table.Upload(s, cuda.RecordTable(list)), mask.Clear(s), x.Clear(s), d.ChooseGrids(grids, table, mask).Run(s)); err != nil {
		return err
	}
	for holder, record := range list {
		for n := 1 << 20; n <= largest; n <<= 3 {
			part := x.View(0, n)
			ms, err := timed(d, s, d.FakeQuant(part, part, grids, holder, cuda.NoClip), 20)
			if err != nil {
				return err
			}
			r.measure(fmt.Sprintf("bandwidth of fake_quant, %s, %d Mi elements in place", record.High.Formula, n>>20), 8*float64(n)/ms/1e6, "GB/s")
		}
	}
	one := x.View(0, 1)
	ms, err := timed(d, s, d.FakeQuant(one, one, grids, 0, cuda.NoClip), 1000)
	if err != nil {
		return err
	}
	r.measure("one launch in a row of 1000", 1000*ms, "µs")
	start := time.Now()
	for range 1000 {
		if err := s.Synchronize(); err != nil {
			return err
		}
	}
	r.measure("waiting for an empty stream, through Go", float64(time.Since(start).Microseconds())/1000, "µs")
	return nil
}

// timed returns the milliseconds of one launch, by events: the median over five rounds of a number of launches in a
// row.
func timed(d *cuda.Device, s *cuda.Stream, l *cuda.Launch, launches int) (ms float64, err error) {
	from, e1 := d.NewEvent()
	to, e2 := d.NewEvent()
	defer func() { err = errors.Join(err, from.Close(), to.Close()) }()
	if err := errors.Join(e1, e2); err != nil {
		return 0, err
	}
	var rounds []float64
	for range 5 {
		if err := from.Record(s); err != nil {
			return 0, err
		}
		for range launches {
			if err := l.Run(s); err != nil {
				return 0, err
			}
		}
		if err := errors.Join(to.Record(s), to.Synchronize()); err != nil {
			return 0, err
		}
		ms, err := from.Milliseconds(to)
		if err != nil {
			return 0, err
		}
		rounds = append(rounds, ms/float64(launches))
	}
	slices.Sort(rounds)
	return rounds[len(rounds)/2], nil
}
