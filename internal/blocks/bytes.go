package blocks

import (
	"example.org/demote/backend"
	"example.org/demote/dataset"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// byteSamples are the samples of a set in which inputs that the file has as bytes stay bytes: a quarter of the memory
// of floats. The network then has the conversion to floats, see FeedBytes.
type byteSamples struct {
	*dataset.Set
	Bytes []bool // by input
}

// Read writes a sample as the network with byte inputs wants it.
func (b byteSamples) Read(input, sample int, dst []byte) error {
	if b.Bytes[input] {
		return b.Set.ReadBytes(input, sample, dst)
	}
	return b.Set.Read(input, sample, dst)
}

// ReadFloats implements backend.FloatSamples: what the network makes of its bytes.
func (b byteSamples) ReadFloats(input, sample int, dst []byte) error {
	return b.Set.Read(input, sample, dst)
}

// byteSteps are the operations on the samples of a shape after their bytes are floats: scale, mean and std.
func byteSteps(a dataset.Affine, sample []int64) (steps []variants.Step) {
	for _, s := range []struct {
		op     string
		values []float32
	}{{"Mul", a.Scale}, {"Sub", a.Mean}, {"Div", a.Std}} {
		if s.values != nil {
			steps = append(steps, variants.Step{Op: s.op, Values: s.values, Dims: channelDims(len(s.values), a.Inner, sample)})
		}
	}
	return steps
}

// channelDims are the dimensions of a constant with one number per channel, for samples of a shape: the channels are
// the last axis, or the first.
func channelDims(channels, inner int, sample []int64) []int64 {
	if channels == 1 {
		return nil
	}
	dims := []int64{int64(channels)}
	if inner > 1 || len(sample) > 1 && sample[len(sample)-1] != int64(channels) {
		for range sample[1:] {
			dims = append(dims, 1)
		}
	}
	return dims
}

// ResidentBytes returns the bytes of one sample of an input in the memory of the device.
func ResidentBytes(set *dataset.Set, input int) int {
	if _, is := set.Bytes(input); is {
		return set.SampleBytes(input) / 4
	}
	return set.SampleBytes(input)
}

// ResidentSize is ResidentBytes of a sample in its own shape.
func ResidentSize(set *dataset.Set, input, sample int) int {
	if _, is := set.Bytes(input); is {
		return ResidentBytes(set, input)
	}
	return set.SampleSize(input, sample)
}

// ResidentAll returns the bytes of all samples of a set in the memory of the device, for that number of inputs.
func ResidentAll(set *dataset.Set, inputs int) (bytes float64) {
	for i := range inputs {
		if set.Shapes() == 0 {
			bytes += float64(set.Len()) * float64(ResidentBytes(set, i))
			continue
		}
		for sample := range set.Len() {
			bytes += float64(ResidentSize(set, i, sample))
		}
	}
	return bytes
}

// ReadResident reads a sample in the form that it has in the memory of the device.
func ReadResident(set *dataset.Set, input, sample int, to []byte) error {
	if _, is := set.Bytes(input); is {
		return set.ReadBytes(input, sample, to)
	}
	return set.Read(input, sample, to)
}

// FeedBytes changes a network with fixed shapes so that it takes bytes for the inputs that the data have as bytes. It
// returns the samples for it, and the new names of these inputs by their old ones. With gpu, a division becomes a table
// that the host computes for each byte value, since not every GPU rounds a division exactly.
func FeedBytes(m *onnx.Model, data *dataset.Set, inputs []backend.Tensor, gpu bool) (Samples, map[string]string) {
	out := byteSamples{Set: data}
	names := map[string]string{}
	for i, in := range inputs {
		a, is := data.Bytes(i)
		is = is && in.Fed == "" // a step makes floats of it
		out.Bytes = append(out.Bytes, is)
		switch {
		case !is:
		case gpu && a.Std != nil:
			table := a.Table()
			names[in.Name] = variants.ByteTable(m, in.Name, table, channelDims(len(table)/256, a.Inner, in.Sample()))
		default:
			names[in.Name] = variants.ByteInput(m, in.Name, byteSteps(a, in.Sample()))
		}
	}
	if len(names) == 0 {
		return data, nil
	}
	return out, names
}

// InFile is where the samples of an input lie in the data's one file as Read hands them over, see dataset.Set.InFile.
func (b byteSamples) InFile(input int) (offset int64, err error) {
	if b.Bytes[input] {
		return b.Set.BytesInFile(input)
	}
	return b.Set.InFile(input)
}

// SampleInFile is where one sample lies, see dataset.Set.SampleInFile.
func (b byteSamples) SampleInFile(input, sample int) (offset int64, err error) {
	if b.Bytes[input] {
		return b.Set.SampleBytesInFile(input, sample)
	}
	return b.Set.SampleInFile(input, sample)
}
