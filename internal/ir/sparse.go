package ir

import (
	"encoding/binary"
	"math"

	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// sparseMost is the largest size, in bytes, of all sparse tensors of a model in dense form.
const sparseMost = 1 << 30

// densify replaces every sparse tensor of the model, an initializer or the value of a Constant node, by a dense one,
// as the runtime does when it loads a network. Later passes have no sparse tensors. It checks the indices. The errors
// are mistake.Err: an index outside the shape, elements below 8 bits, or more than sparseMost bytes in all.
func (m *Model) densify() error {
	d := &densifier{}
	if err := d.graph(m.Graph(), "graph"); err != nil {
		return err
	}
	for _, f := range m.Proto.GetFunctions() {
		if err := d.nodes(f.GetNode(), "function "+f.GetName()); err != nil {
			return err
		}
	}
	return nil
}

// densifier has the bytes of the dense tensors so far, which sparseMost bounds.
type densifier struct{ bytes int64 }

// graph is densify for one graph, and the bodies in it.
func (d *densifier) graph(g Graph, where string) error {
	for _, s := range g.GetSparseInitializer() {
		t, err := d.dense(s)
		if err != nil {
			return mistake.Errorf("%s: sparse tensor %q: %w", where, s.GetValues().GetName(), err)
		}
		g.Initializer = append(g.Initializer, t)
	}
	g.SparseInitializer = nil
	return d.nodes(g.GetNode(), where)
}

// nodes is densify for the Constant nodes of a list, and the bodies in it.
func (d *densifier) nodes(nodes []Node, where string) error {
	for _, n := range nodes {
		for _, a := range n.GetAttribute() {
			if s := a.GetSparseTensor(); s != nil && n.GetOpType() == "Constant" && Standard(n) {
				t, err := d.dense(s)
				if err != nil {
					return mistake.Errorf("%s: %s: %w", where, NodeName(n), err)
				}
				a.Name, a.Type, a.T, a.SparseTensor = Str("value"), onnxpb.AttributeProto_TENSOR.Enum(), t, nil
			}
		}
		for _, g := range Subgraphs(n) {
			if err := d.graph(g, where+": "+NodeName(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// dense returns the dense form of a tensor: zeros but for its n values. The indices, int64, are of shape [n], places in
// the flattened tensor, or of [n, rank], a place on each axis (onnx.proto, SparseTensorProto.indices). That they are
// ascending and different is not asked for: of equal ones the last counts.
func (d *densifier) dense(s *onnxpb.SparseTensorProto) (Tensor, error) {
	values, indices := s.GetValues(), s.GetIndices()
	size, err := ByteSize(DType(values.GetDataType()), s.GetDims())
	if err != nil {
		return nil, err
	}
	width := ElemBits(DType(values.GetDataType())) / 8
	if width == 0 {
		return nil, mistake.Errorf("sparse tensors of type %s are not supported: export the network with dense weights", DType(values.GetDataType()))
	}
	if d.bytes += size; size > sparseMost || d.bytes > sparseMost {
		return nil, mistake.Errorf("the model's sparse tensors take more than %d MiB when they are written out: export the network with dense weights", sparseMost>>20)
	}
	at, err := Ints(indices)
	if err != nil {
		return nil, err
	}
	n, axes := MustCount(values), len(s.GetDims())
	if shape := indices.GetDims(); !(len(shape) == 1 && shape[0] == n) && !(len(shape) == 2 && shape[0] == n && shape[1] == int64(axes)) {
		return nil, mistake.Errorf("%d values of a tensor %v have indices of dimensions %v", n, s.GetDims(), shape)
	}
	out := &onnxpb.TensorProto{Name: values.Name, Dims: s.GetDims(), DataType: values.DataType, RawData: make([]byte, size)}
	for i := range n {
		var place int64
		if len(indices.GetDims()) == 1 {
			place = at[i]
		} else if place, err = linear(at[i*int64(axes):][:axes], s.GetDims()); err != nil {
			return nil, err
		}
		if place < 0 || place >= size/width {
			return nil, mistake.Errorf("index %d lies outside of %v", place, s.GetDims())
		}
		putElement(out.RawData[place*width:][:width], values, int(i))
	}
	return out, nil
}

// linear returns the place of an index in the flattened tensor. The error is a mistake.Err for one out of range.
func linear(index, dims []int64) (place int64, err error) {
	for i, v := range index {
		if v < 0 || v >= dims[i] {
			return 0, mistake.Errorf("index %v lies outside of %v", index, dims)
		}
		place = place*dims[i] + v
	}
	return place, nil
}

// putElement writes element i of a tensor to dst in the form of raw data.
func putElement(dst []byte, t Tensor, i int) {
	if t.RawData != nil {
		copy(dst, t.RawData[i*len(dst):])
		return
	}
	var whole [16]byte
	put := binary.LittleEndian.PutUint64
	switch DType(t.GetDataType()) {
	case Float:
		put(whole[:], uint64(math.Float32bits(t.FloatData[i])))
	case onnxpb.TensorProto_COMPLEX64:
		put(whole[:], uint64(math.Float32bits(t.FloatData[2*i]))|uint64(math.Float32bits(t.FloatData[2*i+1]))<<32)
	case Double:
		put(whole[:], math.Float64bits(t.DoubleData[i]))
	case onnxpb.TensorProto_COMPLEX128:
		put(whole[:], math.Float64bits(t.DoubleData[2*i]))
		put(whole[8:], math.Float64bits(t.DoubleData[2*i+1]))
	case Int64:
		put(whole[:], uint64(t.Int64Data[i]))
	case onnxpb.TensorProto_UINT32, onnxpb.TensorProto_UINT64:
		put(whole[:], t.Uint64Data[i])
	default:
		put(whole[:], uint64(t.Int32Data[i]))
	}
	copy(dst, whole[:])
}
