package backend

import "math"

// A Proof is a small network whose one output is exactly known, for the question whether a device
// computes in full float32: one that rounds to TF32, which keeps 10 bits of a mantissa, gives something
// else.
type Proof struct {
	Stretch *Stretch
	Input   []float32
	Want    []float32
}

// prove runs a proof on a device.
func prove(d device, p *Proof) error {
	c, err := d.compile([]*Stretch{p.Stretch}, p.Stretch.Inputs, 1)
	if err != nil {
		return err
	}
	defer c.Close()
	data, err := d.load(p.Stretch.Inputs, []int{0}, func(_ int, dst []byte) error {
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
	l := c.lanes()[0]
	return l.do(func() error {
		if err := l.runPart(data, 0); err != nil {
			return err
		}
		got, err := l.rows(p.Stretch.Outputs[0].Name)
		if err == nil && !sameBits(p.Want, got) {
			err = badf("the GPU does not compute in full float32: it rounds products to TF32 or less, and no score could be relied on; " +
				"set NVIDIA_TF32_OVERRIDE=0, or choose --device cpu")
		}
		return err
	})
}
