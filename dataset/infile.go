package dataset

import (
	"errors"

	"example.org/demote/dataset/internal/arrays"
)

// InFile is where the samples of an input lie in the one file of the data, as Read hands them over: the sample of a
// number, see Number, lies so many times its bytes behind the offset. The error says why they do not lie so, in words
// for what is behind "the samples cannot be read where they lie: ".
func (s *Set) InFile(input int) (offset int64, err error) {
	c, err := s.inPlace(input)
	switch {
	case err != nil:
		return 0, err
	case !c.cast.Direct():
		return 0, errors.New("they have another type than the network's input " + c.in.String() + ": save them as " + c.in.Type.String())
	case c.a.BigEndian && c.a.Size() > 1:
		return 0, errors.New("they are big-endian: save them in the machine's own order")
	}
	return c.a.Offset, nil
}

// BytesInFile is InFile of an input that has bytes, as ReadBytes hands them over.
func (s *Set) BytesInFile(input int) (offset int64, err error) {
	c, err := s.inPlace(input)
	if err != nil {
		return 0, err
	}
	return c.a.Offset, nil
}

// inPlace is the column of an input whose numbers lie in the file.
func (s *Set) inPlace(input int) (*column, error) {
	var data *arrays.File
	for _, f := range s.hash.files {
		if f.name == "data" {
			data = f.f
		}
	}
	c := s.columns[input]
	switch {
	case data == nil:
		return nil, errors.New("they are files of a folder: save them as one array, by numpy.save")
	case c.a.Alike:
		return nil, errors.New("input " + c.in.String() + " has one value for all of them: it is not in the file")
	case c.items != nil:
		return nil, errors.New("they have different shapes")
	case c.a.Data != data.Data:
		return nil, errors.New("they are compressed, or in Fortran order: save them by numpy.save or numpy.savez, in C order")
	}
	return c, nil
}
