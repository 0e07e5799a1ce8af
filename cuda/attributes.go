//go:build cuda

package cuda

import (
	"fmt"

	"gorgonia.org/cu"
)

// KernelInfo is what the driver's own compiler made of one kernel of the PTX on this GPU.
type KernelInfo struct {
	Name        string
	Registers   int // a thread
	SharedBytes int // a block, static
	LocalBytes  int // a thread: spilled registers; 0 is wanted
	Binary      int // compute capability that it was compiled for, 80 is 8.0
	Blocks      int // blocks of 256 threads that fit on one multiprocessor
}

// KernelInfos describes every kernel, in the order of kernels.cu.
func (d *Device) KernelInfos() ([]KernelInfo, error) {
	list := make([]KernelInfo, len(kernelNames))
	for i, name := range kernelNames {
		k := &list[i]
		k.Name = name
		f := d.kernels.functions[name]
		for _, a := range []struct {
			to    *int
			which cu.FunctionAttribute
		}{{&k.Registers, cu.NumRegs}, {&k.SharedBytes, cu.SharedSizeBytes}, {&k.LocalBytes, cu.LocalSizeBytes}, {&k.Binary, cu.BinaryVersion}} {
			v, err := f.Attribute(a.which)
			if err != nil {
				return nil, d.check(fmt.Sprintf("asking about the kernel %s", name), 0, err)
			}
			*a.to = v
		}
		blocks, err := f.MaxActiveBlocksPerMultiProcessor(blockThreads, 0)
		if err != nil {
			return nil, d.check(fmt.Sprintf("asking for the occupancy of the kernel %s", name), 0, err)
		}
		k.Blocks = blocks
	}
	return list, nil
}
