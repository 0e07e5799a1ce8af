//go:build cuda

package cuda

import (
	"errors"
	"fmt"

	"gorgonia.org/cu"
)

// A Device is the GPU as functions given to Worker.Do see it. It must not be used outside them.
type Device struct {
	info    Info
	handle  cu.Device
	context cu.CUContext
	kernels *kernelSet
	traffic Traffic
	open    map[closer]struct{} // what was made here and is not closed
	lost    error               // the first ErrLostContext
	closed  bool
}

// closer is anything that a Device has to free.
type closer interface{ Close() error }

// openDevice retains the primary context on this thread and loads the kernels; on an error nothing stays.
func openDevice(ordinal int) (*Device, error) {
	info, err := describe(ordinal)
	if err != nil {
		return nil, err
	}
	if err := info.Unusable(); err != nil {
		return nil, err
	}
	d := &Device{info: info, handle: cu.Device(ordinal), open: map[closer]struct{}{}}
	if d.context, err = d.handle.RetainPrimaryCtx(); err != nil {
		return nil, driverError(fmt.Sprintf("opening GPU %d", ordinal), 0, err)
	}
	if err := cu.SetCurrentContext(d.context); err != nil {
		return nil, errors.Join(driverError(fmt.Sprintf("opening GPU %d", ordinal), 0, err), d.release())
	}
	if d.kernels, err = d.loadKernels(kernelsPTX); err != nil {
		return nil, errors.Join(err, d.release())
	}
	return d, nil
}

// release gives up the primary context; with the last user in the process it takes everything in it along.
func (d *Device) release() error {
	none := cu.CUContext{}
	return errors.Join(
		driverError("leaving the GPU's context", 0, cu.SetCurrentContext(none)),
		driverError("releasing the GPU's context", 0, d.handle.ReleasePrimaryCtx()))
}

func (d *Device) close() error {
	left := len(d.open)
	for c := range d.open {
		// it was forgotten, which is the error below; or the context is lost, and there is nothing to free
		_ = c.Close()
	}
	var err error
	if left > 0 && d.lost == nil {
		err = fmt.Errorf("cuda: %d buffers, streams or events were left open on GPU %d", left, d.info.Ordinal)
	}
	d.closed = true
	unload := d.kernels.unload()
	release := d.release()
	if d.lost != nil {
		return nil
	}
	return errors.Join(err, unload, release)
}

// Info describes the GPU.
func (d *Device) Info() Info { return d.info }

// MaxBlocks returns the most blocks of a launch that are worth while: as many as the GPU holds at once. Kernels loop
// over the rest.
func (d *Device) MaxBlocks() int { return max(1, d.info.Multiprocessors) * blocksPerMultiprocessor }

// Traffic returns what was moved and run so far.
func (d *Device) Traffic() Traffic { return d.traffic }

// Lost returns the first error that cost the context, nil while it is whole.
func (d *Device) Lost() error { return d.lost }

// Memory returns the free and total bytes of device memory, as the driver reports them.
func (d *Device) Memory() (free, total int64, err error) {
	free, total, err = cu.MemInfo()
	return free, total, d.check("asking for free memory", 0, err)
}

// Synchronize waits for everything on the device. An error of a kernel that ran before shows up here.
func (d *Device) Synchronize() error { return d.check("waiting for the device", 0, cu.Synchronize()) }

// checkOn is check of an operation on something; without an error it puts no text together.
func (d *Device) checkOn(verb, name string, bytes int64, err error) error {
	if err == nil {
		return nil
	}
	return d.check(verb+name, bytes, err)
}

// check wraps what a driver call returned and notes a lost context.
func (d *Device) check(op string, bytes int64, err error) error {
	wrapped := driverError(op, bytes, err)
	if wrapped != nil && d.lost == nil && errors.Is(wrapped, ErrLostContext) {
		d.lost = wrapped
	}
	return wrapped
}
