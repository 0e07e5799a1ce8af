//go:build cuda

package main

import (
	"errors"
	"fmt"
	"math"

	"example.org/demote/cuda"
	"example.org/demote/quant"
)

// spills asks whether the driver's compiler kept every kernel in registers, as ptxas did in the gate.
func spills(r *Report, d *cuda.Device, _ *cuda.Stream) error {
	var spilled []string
	for _, k := range r.Kernels {
		if k.LocalBytes > 0 {
			spilled = append(spilled, fmt.Sprintf("%s %d bytes", k.Name, k.LocalBytes))
		}
	}
	r.add("are there kernels with local memory", len(spilled) == 0, "%d: %v", len(spilled), spilled)
	return nil
}

// records are grids of all formulas, low 8 bits and high 16, on an uneven range.
func records() ([]quant.Record, error) {
	var list []quant.Record
	for _, f := range []quant.Formula{quant.QDQ, quant.MCTQ, quant.Torch} {
		low, err := quant.GridOf(f, quant.Asymmetric, 8, quant.Range{Min: -3.7, Max: 5.1})
		if err != nil {
			return nil, err
		}
		high, err := quant.GridOf(f, quant.Asymmetric, 16, quant.Range{Min: -3.7, Max: 5.1})
		if err != nil {
			return nil, err
		}
		list = append(list, quant.Record{Low: low, High: high})
	}
	return list, nil
}

// arithmetic compares fake_quant with package quant on every stride-th float32, for each formula and width.
func arithmetic(r *Report, d *cuda.Device, s *cuda.Stream, stride uint64) (err error) {
	list, err := records()
	if err != nil {
		return err
	}
	const chunk = 1 << 22
	table, e1 := cuda.NewBuffer[quant.Params](d, "records", 2*len(list))
	x, e2 := cuda.NewBuffer[float32](d, "x", chunk)
	mask, e3 := cuda.NewBuffer[uint8](d, "mask", 1)
	grids, e4 := cuda.NewBuffer[quant.Params](d, "grids", len(list))
	defer func() { err = errors.Join(err, table.Close(), x.Close(), mask.Close(), grids.Close()) }()
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return err
	}
	if err := table.Upload(s, cuda.RecordTable(list)); err != nil {
		return err
	}
	host, want := make([]float32, chunk), make([]float32, chunk)
	for holder, record := range list {
		for _, grid := range []quant.Grid{record.High, record.Low} {
			bits := uint8(0)
			if grid == record.Low {
				bits = 1 << holder
			}
			if err := errors.Join(mask.Upload(s, []uint8{bits}), d.ChooseGrids(grids, table, mask).Run(s)); err != nil {
				return err
			}
			run := d.FakeQuant(x, x, grids, holder, cuda.NoClip)
			different, total, first := 0, 0, float32(0)
			for at := uint64(0); at < 1<<32; {
				n := 0
				for ; n < chunk && at < 1<<32; n, at = n+1, at+stride {
					host[n] = math.Float32frombits(uint32(at))
				}
				grid.Apply(want, host[:n])
				if err := errors.Join(x.Upload(s, host[:n]), run.Run(s), x.Download(s, host[:n])); err != nil {
					return err
				}
				for i := range n {
					if math.Float32bits(host[i]) != math.Float32bits(want[i]) {
						if different++; different == 1 {
							first = want[i]
						}
					}
				}
				total += n
			}
			answer := fmt.Sprintf("%d of %d float32 values differ", different, total)
			if different > 0 {
				answer += fmt.Sprintf("; the first should be %g", first)
			}
			r.add(fmt.Sprintf("does fake_quant give the bits of package quant, formula %s, %d bits", grid.Formula, grid.Bits), different == 0, "%s", answer)
		}
	}
	return nil
}

// ordering lets one stream wait for another's event many times over; a lost order would show as an old value.
func ordering(r *Report, d *cuda.Device, s *cuda.Stream) (err error) {
	const n, rounds = 1 << 20, 50
	other, e1 := d.NewStream()
	event, e2 := d.NewEvent()
	a, e3 := cuda.NewBuffer[float32](d, "a", n)
	b, e4 := cuda.NewBuffer[float32](d, "b", n)
	defer func() { err = errors.Join(err, other.Close(), event.Close(), a.Close(), b.Close()) }()
	if err := errors.Join(e1, e2, e3, e4); err != nil {
		return err
	}
	host, old := make([]float32, n), 0
	for round := range rounds {
		for i := range host {
			host[i] = float32(round + 1)
		}
		if err := errors.Join(a.Upload(s, host), b.Clear(s), b.CopyFrom(s, a), event.Record(s), other.Wait(event), b.Download(other, host)); err != nil {
			return err
		}
		for _, v := range host {
			if v != float32(round+1) {
				old++
			}
		}
	}
	r.add("does a stream see what another wrote before the event that it waits for", old == 0, "%d old values in %d rounds", old, rounds)
	return nil
}
