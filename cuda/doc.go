// Package cuda is the device worker: one goroutine on a locked OS thread that owns the primary context of a GPU, and
// with it streams, events, buffers, the module of kernels.cu and every launch. It is built with the tag cuda, on
// gorgonia.org/cu.
//
// Threading: a CUDA context is current per OS thread, so everything that touches the device is a method of Device or of
// something made by it, and a *Device is only handed to functions given to Worker.Do, which run one after another on
// the worker's thread. What such a function keeps it may use only in a later one. ONNX Runtime's CUDA sessions are
// made, run and destroyed there too: its captured graphs belong to the thread. Never call Do from inside such a
// function.
//
// Ownership: what a function opens it closes, in any order, Close being idempotent; Worker.Close frees what was
// forgotten and says so.
package cuda
