package repair

import (
	"math"

	"example.org/demote/internal/ir"
)

// A Channel is what a float network's tensor holds in one channel, over the calibration samples.
type Channel struct {
	Most float64 // the largest absolute value
	Mean float64
}

// mostFactor is the largest factor of a channel, as a power of two: a channel that calibration has seen near zero may
// have other values later.
const mostFactor = 8

// factors are those that make the channels of a stream's tensors as large as its largest one, on average over the
// tensors: powers of two from 1 to 256, which change no bit of what the network computes in float. A channel of zeros
// has the factor 1. nil: all are 1.
func (s *Stream) factors(seen map[string][]Channel) []float64 {
	below := make([]float64, s.Count) // the largest channel, in powers of two
	for _, t := range s.Tensors {
		top := 0.0
		for _, c := range seen[t] {
			top = max(top, c.Most)
		}
		for i, c := range seen[t] {
			if c.Most > 0 {
				below[i] += math.Log2(top/c.Most) / float64(len(s.Tensors))
			}
		}
	}
	even := true
	for i, b := range below {
		below[i] = math.Exp2(min(math.Round(b), mostFactor))
		even = even && below[i] == 1
	}
	if even {
		return nil
	}
	return below
}

// Even scales the channels of all streams of a model, of normalizations or of layers alone, so that they become even,
// and seen with them. It returns the number of streams that it has scaled. What the network computes in float stays
// the same, bit by bit.
func Even(m *ir.Model, norm bool, seen map[string][]Channel) (scaled int, err error) {
	list, err := Streams(m)
	if err != nil {
		return 0, err
	}
	for _, s := range list {
		factors := s.factors(seen)
		if s.Norm != norm || factors == nil {
			continue
		}
		done, err := s.scale(m, factors)
		if err != nil {
			return 0, err
		}
		if !done {
			continue
		}
		scaled++
		for _, t := range s.Tensors {
			for c, f := range factors {
				seen[t][c].Most *= f
				seen[t][c].Mean *= f
			}
		}
	}
	return scaled, nil
}

// A change is what a constant of a node becomes.
type change struct {
	constant
	values []float32
}

// scale multiplies the channels of a stream by factors: what makes its tensors takes them in, and the weights that
// read them take them out. It reports whether it did: nothing is changed where a number would leave the normal float32
// numbers.
func (s *Stream) scale(m *ir.Model, factors []float64) (bool, error) {
	type place struct {
		node  ir.Node
		input int
	}
	g, changes, order := m.Graph(), map[place]*change{}, []*change{}
	take := func(c constant, by func(channel int) float64) (bool, error) {
		at := place{c.node, c.input} // weights that lie on both sides are changed twice
		if changes[at] == nil {
			values, err := ir.Floats(initializer(g, ir.Input(c.node, c.input)))
			if err != nil {
				return false, err
			}
			changes[at] = &change{c, values}
			order = append(order, changes[at])
		}
		for i, v := range changes[at].values {
			exact := float64(v) * by(c.channel(i))
			if size := math.Abs(exact); size > math.MaxFloat32 || size != 0 && size < ir.LeastNormal {
				return false, nil
			}
			changes[at].values[i] = float32(exact)
		}
		return true, nil
	}
	for _, c := range s.into {
		if ok, err := take(c, func(at int) float64 { return factors[at] }); !ok {
			return false, err
		}
	}
	for _, c := range s.outOf {
		if ok, err := take(c, func(at int) float64 { return 1 / factors[at] }); !ok {
			return false, err
		}
	}
	times, fresh := ir.TimesRead(g), ir.NewNames(g)
	for _, c := range order {
		put(g, times, fresh, c.node, c.input, c.values)
	}
	return true, nil
}

// put gives a node's constant other values: in its place, or as a new one where somebody else reads it too.
func put(g ir.Graph, times map[string]int, fresh *ir.Names, n ir.Node, input int, values []float32) {
	name := ir.Input(n, input)
	old := initializer(g, name)
	shared := times[name] > 1
	for _, v := range g.GetOutput() {
		shared = shared || v.GetName() == name
	}
	made := ir.TakeFloats(name, old.GetDims(), values)
	made.DocString, made.MetadataProps = old.DocString, old.MetadataProps
	if shared {
		made.Name = ir.Str(fresh.Fresh(name + "_repaired"))
		g.Initializer = append(g.Initializer, made)
		n.Input[input] = made.GetName()
		times[name]--
		return
	}
	for i, t := range g.Initializer {
		if t == old {
			g.Initializer[i] = made
		}
	}
}

// initializer is the initializer of that name, or nil.
func initializer(g ir.Graph, name string) ir.Tensor {
	for _, t := range g.GetInitializer() {
		if t.GetName() == name {
			return t
		}
	}
	return nil
}
