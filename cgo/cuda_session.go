//go:build cuda

package cgo

/*
#include <stdlib.h>
#include "cuda_bridge.h"
*/
import "C"

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"
)

// Launcher is what the FakeQuant nodes of a session launch with; the handles are package cuda's, as numbers, and must
// outlive the session.
type Launcher struct {
	Context   uintptr // CUcontext, the retained primary one
	Kernel    uintptr // CUfunction of fake_quant
	KernelOf  uintptr // CUfunction of fake_quant_of
	Grids     uintptr // device address of the grids that cuda.ChooseGrids writes
	NaN       uintptr // device address of a uint32 that becomes 1 if a FakeQuant reads NaN; 0: not wanted
	Holders   int     // grids there
	MaxBlocks int     // of a launch
	Stream    uintptr // CUstream; used only if the provider has none, as a stand-in
}

// CUDAOptions are what a session on the CUDA provider needs beside Options.
type CUDAOptions struct {
	Provider Provider
	Launcher Launcher
	// Initializers take the place of the network's initializers of these names, on the device, without a copy: a change
	// of the memory is seen by the next run. They must outlive the session.
	Initializers map[string]*DeviceTensor
	// Elsewhere lets the CPU provider take the nodes that the CUDA provider does not, and keeps their names for
	// NodesElsewhere. Such a session is for asking, not for running.
	Elsewhere bool
	// StandIn runs the session on the CPU provider, with the same FakeQuant launches on the emulated device, whose
	// memory the host may read then. It is for tests.
	StandIn bool
}

// making is held while a session on a device is made: its FakeQuant kernels take the launcher from a variable of C.
var making sync.Mutex

// NewCUDASession is NewSession on the CUDA provider. Every node must run there: one that cannot is an error that ONNX
// Runtime words, not a silent fallback. FakeQuant takes its grid from those of the launcher, which are chosen before
// a run, and does not read the input "demote.mask". Call it, and Close, on the device worker's thread.
func NewCUDASession(model Model, o Options, c CUDAOptions) (*Session, error) {
	if Version() == "" || !ort.IsInitialized() {
		return nil, errNotOpen
	}
	opts, err := o.makeCUDA(c)
	if err != nil {
		return nil, err
	}
	defer opts.Destroy()
	device := (*C.demote_cuda_device)(C.malloc(C.sizeof_demote_cuda_device))
	defer C.free(unsafe.Pointer(device))
	c.Launcher.fill(device)
	making.Lock()
	C.demote_cuda_use(device)
	inner, err := model.load(opts)
	C.demote_cuda_use(nil)
	making.Unlock()
	if err != nil {
		return nil, err
	}
	s := &Session{inner: inner}
	if s.inputs, err = ports(sessionOf(inner), false); err == nil {
		s.outputs, err = ports(sessionOf(inner), true)
	}
	if err != nil {
		inner.Destroy()
		return nil, err
	}
	live.Add(1)
	return s, nil
}

// fill writes the launcher as C has it.
func (l Launcher) fill(d *C.demote_cuda_device) {
	*d = C.demote_cuda_device{
		context:    *(*C.CUcontext)(unsafe.Pointer(&l.Context)),
		function:   *(*C.CUfunction)(unsafe.Pointer(&l.Kernel)),
		of:         *(*C.CUfunction)(unsafe.Pointer(&l.KernelOf)),
		grids:      C.CUdeviceptr(l.Grids),
		nan:        C.CUdeviceptr(l.NaN),
		stream:     *(*C.CUstream)(unsafe.Pointer(&l.Stream)),
		holders:    C.uint32_t(l.Holders),
		max_blocks: C.uint32_t(l.MaxBlocks),
	}
}

// makeCUDA returns yalue's options with the provider, the operator and the initializers; the caller destroys them.
func (o Options) makeCUDA(c CUDAOptions) (*ort.SessionOptions, error) {
	opts, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	set := func(f func() error) {
		if err == nil {
			err = f()
		}
	}
	config := maps.Clone(o.Config)
	if config == nil {
		config = map[string]string{}
	}
	if !c.StandIn {
		if c.Elsewhere {
			config["session.record_ep_graph_assignment_info"] = "1"
		} else {
			config["session.disable_cpu_ep_fallback"] = "1"
		}
		set(func() error { return appendCUDA(opts, c.Provider.Map()) })
	}
	set(func() error { return takeError(C.demote_cuda_register(optionsOf(opts), C.bool(c.StandIn))) })
	set(func() error { return opts.SetGraphOptimizationLevel(ort.GraphOptimizationLevel(o.Level)) })
	set(func() error { return opts.SetIntraOpNumThreads(max(1, o.IntraThreads)) })
	set(func() error { return opts.SetInterOpNumThreads(1) })
	for _, key := range slices.Sorted(maps.Keys(config)) {
		set(func() error { return opts.AddSessionConfigEntry(key, config[key]) })
	}
	if o.OptimizedPath != "" {
		set(func() error { return opts.SetOptimizedModelFilePath(o.OptimizedPath) })
	}
	for _, name := range slices.Sorted(maps.Keys(c.Initializers)) {
		set(func() error { return addInitializer(opts, name, c.Initializers[name]) })
	}
	if err != nil {
		opts.Destroy()
		return nil, fmt.Errorf("session options: %w", err)
	}
	return opts, nil
}

// appendCUDA puts the CUDA provider into the options. Its errors are what package cuda explains.
func appendCUDA(opts *ort.SessionOptions, options map[string]string) error {
	p, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer p.Destroy()
	if err := p.Update(options); err != nil {
		return err
	}
	return opts.AppendExecutionProviderCUDA(p)
}

func addInitializer(opts *ort.SessionOptions, name string, t *DeviceTensor) error {
	if t.t.value == nil {
		return errClosed
	}
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text)) // ONNX Runtime keeps a copy of the name, and the value itself
	if err := takeError(C.demote_add_initializer(optionsOf(opts), text, t.t.value)); err != nil {
		return fmt.Errorf("initializer %s: %w", name, err)
	}
	return nil
}

// A PlacedNode is a node of a network that a provider has taken.
type PlacedNode struct{ Name, Operator string }

// NodesElsewhere returns the nodes that the CUDA provider has not taken, in the order of the graph as far as ONNX
// Runtime keeps it. The session was made with CUDAOptions.Elsewhere.
func (s *Session) NodesElsewhere() (list []PlacedNode, err error) {
	if s.inner == nil {
		return nil, errClosed
	}
	provider := C.CString("CUDAExecutionProvider")
	defer C.free(unsafe.Pointer(provider))
	var text *C.char
	err = takeError(C.demote_nodes_elsewhere(sessionOf(s.inner), provider, &text))
	defer C.free(unsafe.Pointer(text))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(C.GoString(text)) {
		name, operator, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		list = append(list, PlacedNode{name, operator})
	}
	return list, nil
}

// CheckCUDA reports why ONNX Runtime cannot make its CUDA provider for a GPU; nil if it can. It costs a fraction of a
// second, the first time more: the provider's library is loaded.
func CheckCUDA(device int) error {
	if Version() == "" || !ort.IsInitialized() {
		return errNotOpen
	}
	p, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer p.Destroy()
	return p.Update(map[string]string{"device_id": fmt.Sprint(device)})
}
