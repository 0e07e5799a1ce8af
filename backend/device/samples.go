package device

// Samples is where the data comes from; read once, block by block, or by all workers at once whenever a block is run,
// see Options.Stream.
type Samples interface {
	// Len is the number of samples, of each input.
	Len() int
	// Read writes one sample of one input to dst, in the network's element type, little-endian and row-major, all its
	// steps one behind the other. It is called by several goroutines at once, and does not keep dst.
	Read(input, sample int, dst []byte) error
}

// FloatSamples are samples of which some inputs are bytes, of which the network makes float32 before it does anything
// else.
type FloatSamples interface {
	Samples
	// ReadFloats is Read of these float32.
	ReadFloats(input, sample int, dst []byte) error
}

// ReadSlot reads a sample of an input into one of the slots of a block, dst, whose steps lie one behind the other: each
// step is a tensor with all slots, in as many pieces as the samples' axis asks for. in has the dimensions of one step
// of the block. The error is the source's.
func ReadSlot(src Samples, input int, in Tensor, sample, slot, slots int, dst []byte) error {
	size, pieces := in.SampleBytes(slots), in.Pieces()
	if slots == 1 || in.Steps <= 1 && pieces == 1 {
		return src.Read(input, sample, dst[slot*size:(slot+1)*size])
	}
	all := make([]byte, size)
	if err := src.Read(input, sample, all); err != nil {
		return err
	}
	one := size / max(1, in.Steps)
	for step := range max(1, in.Steps) {
		Place(dst[step*slots*one:], all[step*one:(step+1)*one], pieces, slot, slots)
	}
	return nil
}
