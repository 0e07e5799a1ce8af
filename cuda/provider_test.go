//go:build cuda && (placement || gpu)

package cuda_test

import (
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/internal/rewrite"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// What the tests of ONNX Runtime's CUDA provider share: on stand-in libraries (placement) and on a GPU (gpu).

const batch = 20

// prepared is a network with fixed shapes, ready to be made switchable.
type prepared struct {
	name    string
	network *onnx.Network
	records []quant.Record
}

// fixed reads a network and gives its inputs a fixed batch.
func fixed(t *testing.T, path string) *onnx.Model {
	t.Helper()
	m, err := onnx.Read(path)
	do(t, err)
	shapes := map[string][]int64{}
	for _, in := range m.Inputs() {
		shapes[in.Name] = append([]int64{batch}, in.Dims[1:]...)
	}
	return variants.WithShapes(m, shapes)
}

// everyNetwork returns all networks of this repository: float ones with made-up ranges, and those of Sony's toolkit.
func everyNetwork(t *testing.T) []prepared {
	t.Helper()
	var list []prepared
	for _, path := range []string{"../examples/fashion/model.onnx", "../testdata/fashion-dscnn-uneven/model.onnx", "../testdata/fashion-vit/model.onnx"} {
		n, err := onnx.Prepare(fixed(t, path), onnx.Options{})
		do(t, err)
		do(t, onnx.QuantizeWeights(n))
		list = append(list, prepared{path, n, make([]quant.Record, len(n.Holders))})
	}
	for _, path := range []string{"../testdata/mctq/m16.onnx", "../testdata/mctq/m8.onnx", "../testdata/mctq/mixed_mctq.onnx"} {
		n, _, err := onnx.ReadQuantized(fixed(t, path), quant.MCTQ)
		do(t, err)
		list = append(list, prepared{path, n, make([]quant.Record, len(n.Holders))})
	}
	for _, p := range list {
		for i := range p.records {
			p.records[i] = records(t)[i%9]
		}
	}
	return list
}

// switchable returns the bytes of a network with a FakeQuant at each holder.
func (p prepared) switchable(t *testing.T) []byte {
	t.Helper()
	m, err := rewrite.Switchable(p.network, p.records)
	do(t, err)
	data, err := m.Bytes()
	do(t, err)
	return data
}

// place makes a session on the CUDA provider with every option that a search sets.
func place(d *cuda.Device, s *cuda.Stream, model []byte, grids *cuda.Buffer[quant.Params], change func(*cgo.Options, *cgo.CUDAOptions)) (*cgo.Session, error) {
	o := cgo.Options{Level: 99, Config: map[string]string{"session.disable_quant_qdq": "1", "session.disable_double_qdq_remover": "1"}}
	c := cgo.CUDAOptions{Provider: cgo.Provider{Device: 0, Stream: s.Handle(), Graph: true, MemoryLimit: 1 << 30}, Launcher: launcher(d, s, grids)}
	if change != nil {
		change(&o, &c)
	}
	return cgo.NewCUDASession(cgo.Model{Bytes: model}, o, c)
}

// small is a network without convolutions, which the stand-in libraries can run: holder, Mul by w, holder; with
// everything bound.
type small struct {
	records []quant.Record
	table   *cuda.Buffer[quant.Params]
	grids   *cuda.Buffer[quant.Params] // those of the mask
	mask    *cuda.Buffer[uint8]
	x, y    *cuda.Buffer[float32]
	session *cgo.Session
	binding *cgo.Binding
	tensors []*cgo.DeviceTensor
}

// newSmall places the network on the CUDA provider.
func newSmall(t *testing.T, d *cuda.Device, s *cuda.Stream, change func(*cgo.Options, *cgo.CUDAOptions)) *small {
	t.Helper()
	const n = 3001
	list := []quant.Record{records(t)[0], records(t)[4]}
	v := &small{records: list, table: upload(t, d, s, "records", cuda.RecordTable(list)), mask: upload(t, d, s, "mask", make([]uint8, len(list))),
		grids: newBuffer[quant.Params](t, d, "grids", len(list)), x: upload(t, d, s, "x", make([]float32, n)), y: newBuffer[float32](t, d, "y", n)}
	var err error
	v.session, err = place(d, s, network(t, list, n), v.grids, change)
	do(t, err)
	do(t, d.ChooseGrids(v.grids, v.table, v.mask).Run(s))
	v.binding, err = v.session.NewBinding()
	do(t, err)
	v.bind(t, v.binding.Input, "x", v.x.Address(), cgo.Float32, n)
	v.bind(t, v.binding.Input, "demote.mask", v.mask.Address(), cgo.Uint8, int64(len(list)))
	v.bind(t, v.binding.Output, "y", v.y.Address(), cgo.Float32, n)
	return v
}

// bind binds device memory to a slot.
func (v *small) bind(t *testing.T, find func(string) (cgo.Slot, error), name string, address uintptr, elem cgo.DType, n int64) {
	t.Helper()
	tensor, err := cgo.NewDeviceTensor(address, 0, elem, n)
	do(t, err)
	at, err := find(name)
	do(t, err)
	do(t, v.binding.BindDevice(at, tensor))
	v.tensors = append(v.tensors, tensor)
}

// run runs the network once with entries of run options.
func (v *small) run(t *testing.T, entries map[string]string) {
	t.Helper()
	options, err := cgo.NewRunOptions(entries, nil)
	do(t, err)
	defer options.Close()
	do(t, v.binding.RunWith(options))
}

func (v *small) close(t *testing.T) {
	t.Helper()
	v.binding.Close()
	v.session.Close()
	for _, tensor := range v.tensors {
		tensor.Close()
	}
	closeAll(t, v.table, v.mask, v.grids, v.x, v.y)
}
