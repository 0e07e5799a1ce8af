package arrays

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// Names of the arrays of an archive that hold samples of different shapes: NAME_0, NAME_1 and so on, one a sample, or
// NAME with all of them one behind the other and NAME_offsets with the row at which each begins, and the number of rows
// last.
const OffsetsKey = "_offsets"

// ItemKey is the name of the array with one sample of an input.
func ItemKey(name string, sample int) string { return name + "_" + strconv.Itoa(sample) }

// OpenItems opens an input of which each sample is an array of its own.
func (z *Archive) OpenItems(name string) (Array, error) {
	a := Array{What: fmt.Sprintf("%s: the list of arrays from %q on", z.f.Path, ItemKey(name, 0))}
	var joined *os.File // of what had to be unpacked: one file, since many cannot be open at once
	end := int64(0)
	for z.Has(ItemKey(name, len(a.Items))) {
		opened := z.f.Temp.Opened()
		item, err := z.Open(ItemKey(name, len(a.Items)))
		if err != nil {
			return Array{}, err
		}
		if item.Data != z.f.Data {
			if joined == nil {
				if joined, err = z.f.Temp.CreateAt(opened); err != nil { // in front of those that are given back
					return Array{}, mistake.Errorf("%s %w", a.What, err)
				}
				opened++
			}
			size := Elements(item.Shape) * int64(item.Elem.Size())
			if _, err := io.Copy(io.NewOffsetWriter(joined, end), io.NewSectionReader(item.Data, item.Offset, size)); err != nil {
				return Array{}, mistake.Errorf("%s %w", a.What, z.f.Temp.Unwritable(err))
			}
			item.Data, item.Offset = joined, end
			end += size
			if err := z.f.Temp.GiveBack(opened); err != nil {
				return Array{}, mistake.Errorf("%s %w", a.What, err)
			}
		}
		a.Items = append(a.Items, item)
	}
	if after, found := z.numberBehind(name, len(a.Items)); found {
		return Array{}, mistake.Errorf("%s ends before %q, and there is %q: give every sample an array, numbered from 0 on without a gap", a.What, ItemKey(name, len(a.Items)), after)
	}
	a.Elem, a.Text, a.Shape = a.Items[0].Elem, a.Items[0].Text, []int64{int64(len(a.Items))}
	return a, nil
}

// numberBehind is the first array of a list that has a number from so many on; without one the list is whole.
func (z *Archive) numberBehind(name string, from int) (key string, found bool) {
	least := math.MaxInt
	for k := range z.entries {
		digits, ours := strings.CutPrefix(k, name+"_")
		if n, err := strconv.Atoi(digits); ours && err == nil && n >= from && n < least && k == ItemKey(name, n) {
			least, key, found = n, k, true
		}
	}
	return key, found
}

// OpenJoined opens an input whose samples lie behind each other in one array.
func (z *Archive) OpenJoined(name string) (Array, error) {
	all, err := z.Open(name)
	if err != nil {
		return Array{}, err
	}
	o, err := z.Open(name + OffsetsKey)
	if err != nil {
		return Array{}, err
	}
	if o.Elem.Float() || o.Elem == number.Text || len(o.Shape) != 1 || o.Shape[0] < 2 {
		return Array{}, mistake.Errorf("%s has shape %s of %s: give a row number for the begin of each sample and the number of rows last, as integers", o.What, Dims(o.Shape), o.Elem)
	}
	if o.Shape[0] > MostSamples {
		return Array{}, mistake.Errorf("%s has %d samples, and %d is the most: use a part of them", o.What, o.Shape[0], MostSamples)
	}
	var rows []int64
	err = Each(o, number.Int64, int(o.Shape[0]), 1, func(_ int, b []byte) error {
		rows = append(rows, int64(binary.LittleEndian.Uint64(b)))
		return nil
	})
	if err != nil {
		return Array{}, err
	}
	row := Elements(all.Shape[1:]) * int64(all.Elem.Size())
	a := Array{What: all.What, Elem: all.Elem, Text: all.Text, Shape: []int64{int64(len(rows) - 1)}}
	for i, from := range rows[:len(rows)-1] {
		to := rows[i+1]
		if from < 0 || to <= from || to > all.Shape[0] || i == 0 && from != 0 || i == len(rows)-2 && to != all.Shape[0] {
			return Array{}, mistake.Errorf("%s has sample %d from row %d to row %d, of %d rows: give rising numbers from 0 to the number of rows", o.What, i, from, to, all.Shape[0])
		}
		item := all
		item.Offset, item.Shape = all.Offset+from*row, append([]int64{to - from}, all.Shape[1:]...)
		a.Items = append(a.Items, item)
	}
	return a, nil
}

// Rows are the samples of an array as arrays of their own.
func (a Array) Rows() Array {
	size := Elements(a.Shape[1:]) * int64(a.Elem.Size())
	out := a
	out.Shape = a.Shape[:1]
	for i := range a.Shape[0] {
		item := a
		item.Offset, item.Shape = a.Offset+i*size, a.Shape[1:]
		out.Items = append(out.Items, item)
	}
	return out
}
