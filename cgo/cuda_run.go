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
	"strconv"
	"unsafe"
)

// RunOptions are the settings of single runs. They are made once and used for any number of runs.
type RunOptions struct {
	c    *C.OrtRunOptions
	stop *Stop
}

// NewRunOptions makes run options with configuration entries, such as those of GraphRun. A Stop, if there is one, ends
// runs with them; it is closed behind them.
func NewRunOptions(entries map[string]string, stop *Stop) (*RunOptions, error) {
	if Version() == "" {
		return nil, errNotOpen
	}
	o := &RunOptions{}
	if err := takeError(C.demote_run_options(&o.c)); err != nil {
		return nil, err
	}
	live.Add(1)
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		k, v := C.CString(key), C.CString(entries[key])
		err := takeError(C.demote_run_option(o.c, k, v))
		C.free(unsafe.Pointer(k))
		C.free(unsafe.Pointer(v))
		if err != nil {
			o.Close()
			return nil, fmt.Errorf("run option %s: %w", key, err)
		}
	}
	if err := stop.join(o.c); err != nil {
		o.Close()
		return nil, err
	}
	o.stop = stop
	return o, nil
}

// NoGraph is the graph number of runs that neither capture nor replay.
const NoGraph = -1

// GraphRun returns the entries of a run that replays the captured CUDA graph of that number (from 1; 0 is ONNX
// Runtime's own default), capturing it at the first such run, or of a plain run for NoGraph; and that does not wait for
// the device at its end. The caller waits on the stream. ONNX Runtime before 1.27 waits after a replay whatever the
// options say.
func GraphRun(graph int) map[string]string {
	return map[string]string{"gpu_graph_id": strconv.Itoa(graph), "disable_synchronize_execution_providers": "1"}
}

// Close frees the options. Closing them again does nothing.
func (o *RunOptions) Close() {
	if o == nil || o.c == nil {
		return
	}
	o.stop.leave(o.c)
	C.demote_release_run_options(o.c)
	o.c = nil
	live.Add(-1)
}

// RunWith is Run with options. Graphs are captured per OS thread: call it, and close the session, on the device
// worker's.
func (b *Binding) RunWith(o *RunOptions) error {
	if b.c == nil || o.c == nil {
		return errClosed
	}
	for i := range b.slots {
		if b.slots[i].bound == nil {
			return fmt.Errorf("nothing is bound to %s", b.describe(Slot(i)))
		}
	}
	err := takeError(C.demote_run_with(b.session, o.c, b.c))
	if stopped := o.stop.Err(); err != nil && stopped != nil {
		return stopped
	}
	return err
}
