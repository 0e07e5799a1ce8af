//go:build cuda

package cuda

import (
	"fmt"
	"strings"

	"gorgonia.org/cu"

	_ "example.org/demote/cuda/internal/driver" // starts the driver before gorgonia.org/cu does
)

const (
	// minDriver is the oldest CUDA version of a driver that serves: onnxruntime-gpu is built for CUDA 12 or 13 (Suits).
	minDriver = 12000
	// minCapability is the oldest compute capability: what kernels.ptx is compiled for.
	minCapability = 75
)

// Info describes one GPU as the driver sees it.
type Info struct {
	Ordinal         int
	Name, UUID      string // UUID is "" if the driver does not tell
	Memory          int64  // bytes in all
	Capability      int    // 80 is compute capability 8.0
	Multiprocessors int    // 0 if the driver does not tell
	Threads         int    // that a multiprocessor holds at once; 0 if the driver does not tell
	Driver          int    // newest CUDA version that the driver serves; 12040 is 12.4
	Emulated        bool   // the tests' device, not a GPU
}

// Unusable says why the GPU cannot be used, nil if it can. The error is ErrDriver or ErrNoDevice.
func (i Info) Unusable() error {
	if i.Driver < minDriver {
		return fmt.Errorf("the NVIDIA driver serves CUDA %s, but %s is needed: update the driver (525 or newer): %w",
			versionText(i.Driver), versionText(minDriver), ErrDriver)
	}
	if i.Capability < minCapability {
		return fmt.Errorf("GPU %d (%s) has compute capability %d.%d, but %d.%d is needed: %w",
			i.Ordinal, i.Name, i.Capability/10, i.Capability%10, minCapability/10, minCapability%10, ErrNoDevice)
	}
	return nil
}

// Fill is how many elements a kernel of kernels.cu takes at once when it fills the GPU: four for each thread; 0 if the
// driver does not tell.
func (i Info) Fill() int { return 4 * i.Multiprocessors * i.Threads }

// versionText writes 12040 as 12.4.
func versionText(v int) string { return fmt.Sprintf("%d.%d", v/1000, v%1000/10) }

// DriverVersion returns the newest CUDA version that the driver serves, such as 12040, or -1 if it does not say.
func DriverVersion() int { return cu.Version() }

// Devices lists the GPUs in the driver's order, usable or not. It needs no Worker and makes no context.
func Devices() ([]Info, error) {
	n, err := cu.NumDevices()
	if err != nil {
		return nil, driverError("counting GPUs", 0, err)
	}
	list := make([]Info, n)
	for i := range list {
		if list[i], err = describe(i); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// describe asks the driver about one GPU. What only describes it may be refused, as by slices of MIG and by sandboxes,
// and is left out then. The error is ErrNoDevice if there is none of that number.
func describe(ordinal int) (Info, error) {
	n, err := cu.NumDevices()
	if err != nil {
		return Info{}, driverError("counting GPUs", 0, err)
	}
	if ordinal < 0 || ordinal >= n {
		return Info{}, fmt.Errorf("there is no GPU %d: the driver finds %d, numbered from 0: %w", ordinal, n, ErrNoDevice)
	}
	d, err := cu.GetDevice(ordinal)
	if err != nil {
		return Info{}, driverError(fmt.Sprintf("opening GPU %d", ordinal), 0, err)
	}
	i := Info{Ordinal: ordinal, Driver: DriverVersion()}
	ask := func(what string, f func() error) {
		if err == nil {
			err = driverError(fmt.Sprintf("asking GPU %d for its %s", ordinal, what), 0, f())
		}
	}
	ask("name", func() (e error) { i.Name, e = d.Name(); return })
	if id, e := d.UUID(); e == nil {
		i.UUID = id.String()
	}
	ask("memory", func() (e error) { i.Memory, e = d.TotalMem(); return })
	ask("capability", func() (e error) {
		major, minor, e := d.ComputeCapability()
		i.Capability = 10*major + minor
		return e
	})
	if n, e := d.Attribute(cu.MultiprocessorCount); e == nil {
		i.Multiprocessors = n
	}
	if n, e := d.Attribute(cu.MaxThreadsPerMultiprocessor); e == nil {
		i.Threads = n
	}
	i.Emulated = strings.HasPrefix(i.Name, "EMULATED")
	return i, err
}
