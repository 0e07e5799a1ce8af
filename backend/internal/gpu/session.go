//go:build cuda

package gpu

import (
	"errors"
	"fmt"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/quant"
)

// sessionOptions are those of every session.
func (g *gpu) sessionOptions() cgo.Options {
	o := g.opts
	return cgo.Options{Level: o.Level, IntraThreads: o.Threads, Spin: o.Spin, Config: o.Config, Stop: g.stop}
}

// graphs is "off" in a program that never captures a graph, for comparison: scripts/gpu-kit builds one with
// -ldflags -X.
var graphs = "on"

// session makes a session on the CUDA provider. Captured graphs are tried first: a network that cannot
// be captured gets a session that runs plainly, and why. engines says how cuDNN is asked for engines (cgo.Engines).
func (c *network) session(model device.Model, engines string) (s *cgo.Session, plainly string, err error) {
	g, grids := c.g, c.grids
	o := g.cudaOptions(grids)
	o.Provider.Engines, o.Initializers = engines, c.once.of(model)
	s, err = cgo.NewCUDASession(model, g.sessionOptions(), o)
	if graphs == "off" && plainly == "" && err == nil {
		plainly = "switched off when this program was built"
	}
	if g.standIn {
		return s, "ONNX Runtime's CPU provider, which stands in for its CUDA provider, has none", cuda.Explain(err)
	}
	if err != nil && !OutOfMemory(cuda.Explain(err)) {
		plainly, o.Provider.Graph = firstLine(cuda.Explain(err)), false
		s, err = cgo.NewCUDASession(model, g.sessionOptions(), o)
	}
	if explained := cuda.Explain(err); !errors.Is(explained, cuda.ErrPlacement) {
		return s, plainly, explained
	}
	return nil, "", cuda.Unplaced(err, g.elsewhere(model, grids))
}

func (g *gpu) cudaOptions(grids *cuda.Buffer[quant.Params]) cgo.CUDAOptions {
	return cgo.CUDAOptions{
		Provider: cgo.Provider{Device: g.ordinal, Stream: g.stream.Handle(), Graph: graphs != "off"},
		Launcher: cgo.Launcher{Context: g.d.Context(), Kernel: g.d.Kernel("fake_quant"), KernelOf: g.d.Kernel("fake_quant_of"), Grids: grids.Address(), NaN: g.nan.Address(), Holders: len(g.opts.Records),
			MaxBlocks: g.d.MaxBlocks(), Stream: g.stream.Handle()},
		StandIn: g.standIn,
	}
}

// elsewhere names the nodes that the CUDA provider does not take, by a session that may leave them to the
// CPU and that never runs; nil if that cannot be made either.
func (g *gpu) elsewhere(model device.Model, grids *cuda.Buffer[quant.Params]) (names []string) {
	o := g.cudaOptions(grids)
	o.Provider.Graph, o.Elsewhere = false, true
	s, err := cgo.NewCUDASession(model, g.sessionOptions(), o)
	if err != nil {
		return nil
	}
	defer s.Close()
	nodes, err := s.NodesElsewhere()
	if err != nil {
		return nil
	}
	for _, n := range nodes {
		names = append(names, fmt.Sprintf("%q (%s)", n.Name, n.Operator))
	}
	return names
}
