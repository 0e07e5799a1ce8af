package device

import (
	"math"

	"example.org/demote/mistake"
)

// A Proof is a small network whose one output is known, for the question whether a device computes in full
// float32: one that rounds its factors to TF32 or to float16, which keep 10 bits of a mantissa, is off by up to 2^-11
// of a value.
type Proof struct {
	Segment *Segment  // of one float32 input and one float32 output
	Input   []float32 // one block, row-major
	Want    []float32 // all values of the output; none is 0
}

// proofError is the share of a value that a device may be off by: far less than TF32's 2^-11, and far more than the
// rounding of float32 in algorithms that add and subtract the inputs first (Winograd's for convolutions of 3 x 3).
const proofError = 0x1p-14

// proves says whether all values are what they should be, within proofError of each. A NaN is not.
func (p *Proof) proves(got []float32) bool {
	for i, want := range p.Want {
		if !(math.Abs(float64(got[i])-float64(want)) <= proofError*math.Abs(float64(want))) {
			return false
		}
	}
	return true
}

// Prove runs the proof on a device. The error is a mistake.Err if it does not compute in full float32, and says what
// to do; else it is the device's. Nothing stays on the device.
func (p *Proof) Prove(d Device) error {
	own := *p.Segment // a device gives up the model that it has compiled, and there may be other devices
	c, err := d.Compile([]*Segment{&own}, own.Inputs, 1)
	if err != nil {
		return err
	}
	defer c.Close()
	data, err := d.Load(p.Segment.Inputs, []int{0}, func(_ int, dst []byte) error {
		for i, v := range p.Input {
			bits := math.Float32bits(v)
			dst[4*i], dst[4*i+1], dst[4*i+2], dst[4*i+3] = byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24)
		}
		return nil
	})
	if err != nil {
		return err
	}
	defer data.Close()
	l := c.Lanes()[0]
	return l.Do(func() error {
		if err := l.RunPart(data, 0); err != nil {
			return err
		}
		got, err := l.Rows(p.Segment.Outputs[0].Name)
		if err == nil && !p.proves(got) {
			err = mistake.Errorf("the GPU does not compute in full float32: it rounds products to TF32 or less, and no score could be relied on; " +
				"set NVIDIA_TF32_OVERRIDE=0, or choose --device cpu")
		}
		return err
	})
}
