package dataset

import (
	"errors"

	"example.org/demote/dataset/internal/arrays"
)

// InFile is where the samples of an input lie in the one file of the data, as Read hands them over: the sample of a
// number, see Number, lies so many times its bytes behind the offset. The error says why they do not lie so, in words
// for what is behind "the samples cannot be read where they lie: ".
func (s *Set) InFile(input int) (offset int64, err error) {
	c := s.columns[input]
	if c.items != nil {
		return 0, errors.New("they have different shapes")
	}
	return s.inPlace(c, c.a, true)
}

// BytesInFile is InFile of an input that has bytes, as ReadBytes hands them over.
func (s *Set) BytesInFile(input int) (offset int64, err error) {
	c := s.columns[input]
	if c.items != nil {
		return 0, errors.New("they have different shapes")
	}
	return s.inPlace(c, c.a, false)
}

// SampleInFile is where one sample of an input lies in the file, as Read hands it over, whatever shapes samples have.
// The error is that of InFile.
func (s *Set) SampleInFile(input, sample int) (offset int64, err error) {
	return s.sampleInPlace(input, sample, true)
}

// SampleBytesInFile is SampleInFile of an input that has bytes, as ReadBytes hands them over.
func (s *Set) SampleBytesInFile(input, sample int) (offset int64, err error) {
	return s.sampleInPlace(input, sample, false)
}

func (s *Set) sampleInPlace(input, sample int, whole bool) (offset int64, err error) {
	c, row := s.column(input, sample), s.Number(sample)
	if c.items == nil {
		offset, err = s.inPlace(c, c.a, whole)
		return offset + int64(row)*int64(c.per)*int64(c.a.Elem.Size()), err
	}
	item := c.items[row]
	if arrays.Elements(item.Shape) != int64(c.per) {
		return 0, errors.New("they are padded")
	}
	return s.inPlace(c, item, whole)
}

// inPlace is the offset of an array of a column whose numbers lie in the file; whole: as Read hands them over.
func (s *Set) inPlace(c *column, a arrays.Array, whole bool) (offset int64, err error) {
	var data *arrays.File
	for _, f := range s.hash.files {
		if f.name == "data" {
			data = f.f
		}
	}
	switch {
	case data == nil:
		return 0, errors.New("they are files of a folder: save them as one array, by numpy.save")
	case a.Alike:
		return 0, errors.New("input " + c.in.String() + " has one value for all of them: it is not in the file")
	case a.Data != data.Data:
		return 0, errors.New("they are compressed, or in Fortran order: save them by numpy.save or numpy.savez, in C order")
	case whole && !c.cast.Direct():
		return 0, errors.New("they have another type than the network's input " + c.in.String() + ": save them as " + c.in.Type.String())
	case whole && a.BigEndian && a.Size() > 1:
		return 0, errors.New("they are big-endian: save them in the machine's own order")
	}
	return a.Offset, nil
}
