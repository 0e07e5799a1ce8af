package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/files"
	"example.org/demote/mistake"
)

// Options say how samples are taken from a file. The zero value takes all of them as they are.
type Options struct {
	// Scale, Mean and Std turn each value x of a floating-point input into (x*Scale - Mean)/Std, computed in float32 in
	// this order; each has one number, or one a channel, or none (1, 0 and 1). The network must have one floating-point
	// input.
	Scale, Mean, Std []float32
	// Labels is a file with one label per sample, for data that have none inside: .npy, .npz with y, MNIST idx, or for
	// a folder also a .csv file with lines "name,label". It goes before labels that the data have.
	Labels string
	// Kind says what the labels are.
	Kind LabelKind
	// Arrays are the names of the arrays of labels, of AnyKind, in the order in which the set has them: of the data, or
	// of Labels, an .npz; none: y alone. One of which samples have different numbers of rows has them all, one sample's
	// behind the other's, and NAME_offsets says where each sample's begin, or offsets does for all but y.
	Arrays []string
	// NoArrays: neither Arrays nor boxes of an archive are read, which calibration samples need not have.
	NoArrays bool
	// Ignore is a label whose samples are left out, or, of Pixels, whose pixels may have it; nil: none.
	Ignore *int64
	// Alike gives inputs, by name, a value that all samples have: the bytes of one sample, little-endian and of the
	// input's type. The data need no array for them.
	Alike map[string][]byte
	// Defaults are inputs of the network that have a value where they are not fed: an array for one of them is refused.
	Defaults []string
	// Begin is Alike for inputs of which the data may have an array, which goes before it.
	Begin map[string][]byte
	// StepLabels says that Classes may be one a step of each sample: they are then what Pixels are.
	StepLabels bool
	// Pad gives inputs, by name, the value that is put behind what a sample lacks of the network's size, or of the
	// longest sample of the file where that is free: the bytes of an element of the input's type. No scale or mean is
	// applied to it.
	Pad map[string][]byte
	// Decoded is told every Every, one call at a time, how many images of a folder are decoded, of how many; nil:
	// nobody is.
	Decoded func(done, total int)
	Every   time.Duration
	// Only says which files may be opened, asked of a label file that lies beside the data without having been named,
	// and of the files of a folder, once they are hashed and before one of them is read as what it is said to be. nil:
	// all may.
	Only func(FileHash) error
	// Spool is the folder for what cannot be read in place and is unpacked once; empty: that of the system's temporary
	// files.
	Spool string
	// Limit is the number of samples to take, if above 0 and below what there is; see Open.
	Limit int
	// Seed chooses the samples that a Limit takes from each class.
	Seed uint32

	oneShape bool // samples of several shapes are refused where nothing pads them
}

// Set is an open data file or folder: samples for each input of a network, by index, and perhaps labels. Its methods
// may be called from several goroutines, but for Close.
type Set struct {
	path    string
	inputs  []Input
	columns []*column
	shapes  shapes // of samples of different shapes; empty: all have one
	labels  []int64
	pixels  []int32   // of Pixels, in place of labels
	values  []float32 // of Values
	own     []Own     // of AnyKind and Boxes
	// perLabel is the number of pixels or values of a sample, and labelDims their shape.
	perLabel  int
	labelDims []int64
	ignored   int   // samples, or pixels, with the ignored label
	pick      []int // index in the file of each sample; nil: the same
	samples   int
	names     func(sample int) string
	classes   []Class // of a folder of images, by sub-folder
	temp      *files.Spool
	closers   []io.Closer
	hash      hasher
}

// Open opens a .npy, .npz or idx file or a folder of images, told apart by their contents, for a network's inputs.
//
// Data of any numeric type are cast to a floating-point input's type by value, without scaling; integer inputs take
// integers that fit. Axes of size 1 may be missing or added, as in [n,28,28] for [N,1,28,28]; an axis of -1 takes what
// the file has, and all else must be equal.
//
// With Options.Limit the set is a part of the samples, in the order of the file: of each class as many as its share of
// the samples, rounded by the largest remainder, chosen by Seed; without labels evenly spaced over the file.
//
// Errors are mistake.Err.
func Open(path string, inputs []Input, o Options) (*Set, error) {
	s := &Set{path: path, inputs: inputs, temp: files.NewSpool(o.Spool)}
	err := s.temp.Check()
	if err == nil {
		err = s.open(o)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Set) open(o Options) (err error) {
	if o, err = s.begin(o); err != nil {
		return err
	}
	if len(fed(s.inputs, o)) == 0 {
		return mistake.Errorf("the network has no input to feed")
	}
	for _, in := range s.inputs {
		if err := in.check(); err != nil {
			return err
		}
	}
	if o.Limit < 0 {
		return mistake.Errorf("limit %d is negative: give the number of samples to use", o.Limit)
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return files.CannotOpen(s.path, err)
	}
	if info.IsDir() {
		return s.openFolder(o)
	}
	f, closer, err := arrays.Open(s.path, s.temp)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, closer)
	if o.Labels == "" {
		if o.Labels = standardLabels(s.path); o.Labels != "" && o.Only != nil {
			if err := o.Only(FileHash{Name: "labels", Path: o.Labels}); err != nil {
				return err
			}
		}
	}
	return s.openArrays(f, o)
}

// openArrays makes a set of a file of arrays.
func (s *Set) openArrays(f *arrays.File, o Options) error {
	got, err := openInputs(f, fed(s.inputs, o), o.Defaults)
	if err != nil {
		return err
	}
	s.hash.add("data", f)
	if err := s.addColumns(got, o); err != nil {
		return err
	}
	n := got.inputs[0].Shape[0]
	if o.Kind == Boxes || len(o.Arrays) > 0 && o.Kind == AnyKind {
		if err := s.openOwnArrays(got, n, o); err != nil {
			return err
		}
		return s.choose(int(n), o)
	}
	if o.Labels != "" {
		a, err := s.openLabels(o.Labels)
		if err != nil {
			return err
		}
		got.labels = a
	}
	if got.labels != nil {
		if err = s.takeLabels(*got.labels, n, o); err != nil {
			return err
		}
	}
	return s.choose(int(n), o)
}

// addColumns matches each array with its input.
func (s *Set) addColumns(got *found, o Options) error {
	first := got.inputs[0]
	o.oneShape = slices.ContainsFunc(s.inputs, func(in Input) bool { return in.Steps || in.State })
	if first.Shape[0] > arrays.MostSamples {
		return mistake.Errorf("%s has %d samples, and %d is the most: use a part of them", first.What, first.Shape[0], arrays.MostSamples)
	}
	floats := 0
	for _, in := range s.inputs {
		if in.Type.Float() && o.Alike[in.Name] == nil && !in.State {
			floats++
		}
	}
	next := 0
	for _, in := range s.inputs {
		if value := o.Alike[in.Name]; value != nil {
			c, err := alikeColumn(in, value, first.Shape[0])
			if err != nil {
				return err
			}
			s.columns = append(s.columns, c)
			continue
		}
		a := got.inputs[next]
		next++
		if a.Shape[0] != first.Shape[0] {
			or := ""
			if a.Shape[0] == 1 {
				or = orValue(s.inputs, in)
			} else if first.Shape[0] == 1 {
				or = orValue(s.inputs, fed(s.inputs, o)[0])
			}
			return mistake.Errorf("%s has %d samples and %s has %d: save as many of each%s", first.What, first.Shape[0], a.What, a.Shape[0], or)
		}
		c, err := newColumn(a, in, o, floats)
		if err != nil {
			return err
		}
		s.columns = append(s.columns, c)
	}
	if err := s.checkSteps(); err != nil {
		return err
	}
	return s.findShapes()
}

// Len is the number of samples.
func (s *Set) Len() int { return s.samples }

// Labels returns the label of each sample, or nil if the data have none. The caller does not change them.
func (s *Set) Labels() []int64 { return s.labels }

// Shape is the shape of one sample of an input, without the batch axis, with all sizes known: of samples of different
// shapes, on each axis that of the longest. The caller does not change it.
func (s *Set) Shape(input int) []int64 { return s.columns[input].shape }

// Steps is how many steps the samples of an input have, along the first axis of their shape; 0: they have no such axis.
func (s *Set) Steps(input int) int { return s.columns[input].steps }

// Whole tells whether an input has no batch in front, or has it elsewhere: then a sample is all of the input, with one
// for the size of such an axis, and can only run alone.
func (s *Set) Whole(input int) bool { return s.columns[input].whole }

// SampleBytes is the size of one sample of an input in the network's element type; of samples of different shapes, the
// size that they would be padded to. See SampleSize.
func (s *Set) SampleBytes(input int) int { return s.columns[input].bytes() }

// Name is what messages call a sample: its number in the file, or its image's path.
func (s *Set) Name(sample int) string {
	if s.names != nil {
		return s.names(s.Number(sample))
	}
	return fmt.Sprintf("sample %d", s.Number(sample))
}

// Number is a sample's position in the file. It panics if there is no such sample.
func (s *Set) Number(sample int) int {
	if sample < 0 || sample >= s.samples {
		panic("dataset: sample out of range")
	}
	if s.pick != nil {
		return s.pick[sample]
	}
	return sample
}

// Read writes one sample of an input to dst, in the network's element type and little-endian. It allocates nothing.
// Errors are mistake.Err: a file that has become shorter, or a number that the network's integer type cannot hold. It
// panics if there is no such sample or dst is not SampleSize long.
func (s *Set) Read(input, sample int, dst []byte) error {
	c := s.column(input, sample)
	if len(dst) != c.bytes() {
		panic("dataset: wrong length of dst")
	}
	return c.read(s.Number(sample), 0, c.per, dst)
}

// Close closes the files and gives back temporary space. It may be called again.
func (s *Set) Close() error {
	s.hash.end()
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	s.closers = nil
	return errors.Join(append(errs, s.temp.Close())...)
}
