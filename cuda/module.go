//go:build cuda

package cuda

import (
	_ "embed" // kernels.ptx
	"fmt"
	"reflect"
	"unsafe"

	"gorgonia.org/cu"
)

// kernelsPTX is kernels.cu as the driver loads it: compiled for compute capability 7.5 by NVRTC 12.6, with .version
// 6.3, which drivers from CUDA 10 on take. `make ptx` makes it again and compares.
//
//go:embed kernels.ptx
var kernelsPTX string

// kernelNames are the entries of kernels.cu; all are looked up once, when the device is opened.
var kernelNames = []string{
	"choose_grids", "fake_quant", "fake_quant_of", "select_weights", "topk_bits", "pack16", "unpack16",
}

// kernelSet is the loaded module and its functions.
type kernelSet struct {
	d         *Device
	module    cu.Module
	functions map[string]cu.Function
}

// loadKernels loads a PTX text into the current context.
func (d *Device) loadKernels(ptx string) (*kernelSet, error) {
	m, err := cu.LoadData(ptx)
	if err != nil {
		wrapped := d.check("loading the kernels", 0, err)
		if e, ok := wrapped.(*callError); ok {
			e.Hint = fmt.Sprintf("the driver (CUDA %s) refuses them on %s, capability %d.%d: update the driver",
				versionText(d.info.Driver), d.info.Name, d.info.Capability/10, d.info.Capability%10)
		}
		return nil, wrapped
	}
	k := &kernelSet{d: d, module: m, functions: map[string]cu.Function{}}
	for _, name := range kernelNames {
		f, err := m.Function(name)
		if err != nil {
			_ = k.unload()
			return nil, d.check("looking for the kernel "+name, 0, err)
		}
		k.functions[name] = f
	}
	return k, nil
}

func (k *kernelSet) unload() error {
	return k.d.check("unloading the kernels", 0, k.module.Unload())
}

// Kernel returns the CUfunction of a kernel as a number, for C code that launches it on a stream of its own; it is
// valid until the worker closes. It panics for a name that kernels.cu does not have.
func (d *Device) Kernel(name string) uintptr {
	f, ok := d.kernels.functions[name]
	if !ok {
		panic("cuda: no kernel " + name)
	}
	return handleWord(&f)
}

// Context returns the retained primary context as a number (CUcontext), for C code that must find it current.
func (d *Device) Context() uintptr { return handleWord(&d.context) }

// handleWord reads the C handle in a handle type of gorgonia.org/cu, which exports no accessor for some of them: a
// struct of one pointer.
func handleWord[T any](p *T) uintptr {
	t := reflect.TypeFor[T]()
	if t.Kind() != reflect.Struct || t.NumField() != 1 || t.Size() != unsafe.Sizeof(uintptr(0)) || t.Field(0).Type.Kind() != reflect.Pointer {
		panic(fmt.Sprintf("cuda: this version of gorgonia.org/cu cannot be used: %s is not a struct of one pointer", t))
	}
	return uintptr(*(*unsafe.Pointer)(unsafe.Pointer(p)))
}
