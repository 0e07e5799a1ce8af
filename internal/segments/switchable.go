package segments

import (
	"example.org/demote/backend"
	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/rewrite"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// Blocks say how the samples of one shape are fed to a network.
type Blocks struct {
	Data   *dataset.Set
	Inputs []backend.Tensor // of the network, for blocks of Size samples, see blocks.Inputs
	Size   int
	Shapes *blocks.Shapes // of the network's tensors, see blocks.Measure
	Output string         // that the metric reads
	Beside []string       // further ones that it reads
	Fixed  bool           // the file will be written with these axes
	Bytes  bool           // what lies as bytes in the file is handed over so, and made floats of in the network
	// where it will run, a division rounds as in float32
	Divides bool
	// its quantizers do what stands in front of them, see rewrite.Fused
	Fuses bool
}

// Switchable is a network with a quantizer at each holder that reads the mask at run time. Its shapes are fixed, and it
// is cut wherever trials may begin. Its samples are in the order of its inputs.
func Switchable(n *onnx.Network, records []quant.Record, b Blocks) (*Source, blocks.Samples, error) {
	var open []string
	for _, f := range n.Followed {
		open = append(open, f.Name)
	}
	for _, h := range n.Activations() { // a class token that is repeated for each sample is a constant, with a holder
		open = append(open, h.Tensor)
	}
	fixed, err := b.Shapes.Fix(n.Model, b.Inputs, b.Size, open)
	if err != nil {
		return nil, nil, err
	}
	var given blocks.Samples = b.Data
	var fed map[string]string
	if b.Bytes {
		given, fed = blocks.FeedBytes(fixed, b.Data, b.Inputs, !b.Divides)
	}
	of := *n
	of.Model = fixed
	if !b.Fixed {
		of.Model = b.Shapes.AsOpen(fixed, n.Model)
	}
	switchable, err := rewrite.Switchable(&of, records)
	if err != nil {
		return nil, nil, err
	}
	src, err := New(switchable, len(n.Holders), append([]string{b.Output}, b.Beside...))
	if err != nil {
		return src, given, err
	}
	src.fuses, src.fed = b.Fuses, fed
	src.followed, src.first = n.Followed, map[string]func([]byte, int) error{}
	for i, in := range b.Inputs {
		if name, is := fed[in.Name]; is {
			src.first[name] = blocks.FirstOf(given, i, in.Pieces())
			continue
		}
		src.first[in.Name] = in.First
	}
	return src, given, nil
}
