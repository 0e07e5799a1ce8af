//go:build cuda

package cgo

import (
	"strconv"
)

// Provider are the choices that a session leaves to its maker; everything else about the CUDA provider is fixed by Map.
type Provider struct {
	Device      int
	Stream      uintptr // CUstream that all work of the session is put into
	Graph       bool    // runs with a graph number are captured and replayed
	Engines     string  // of Engines; "" is the first
	MemoryLimit int64   // bytes that the session's arena may take; 0 sets no limit
}

// Engines are the ways in which cuDNN can be asked for an engine of a convolution (cudnn_conv_algo_search), in the
// order in which they are tried: its heuristics of mode A, which know none for some shapes where TF32 is off, of mode
// B, and its list to fall back on.
var Engines = []string{"HEURISTIC", "EXHAUSTIVE", "DEFAULT"}

// Map returns the provider's options, all of them: ONNX Runtime resets what a call does not name to its default.
//
//   - use_tf32=0: TF32 keeps 10 bits of a mantissa, an int16 grid needs 15.
//   - has_user_compute_stream=1: without it ONNX Runtime ignores the stream's address and uses the default stream.
//   - fuse_conv_bias=0: the fused convolution clears its output on the default stream, which does not order with ours.
//   - prefer_nhwc=0: the layout pass does not know FakeQuant and would put transposes around each.
//   - cudnn_conv_algo_search=HEURISTIC: with cuDNN 9 no setting times candidates, and this one's choice depends on
//     shapes alone. Engines has the others.
//   - arena_extend_strategy=kSameAsRequested: the default doubles, which would starve the samples and weights beside
//     it.
//   - device_id always: a missing driver is then found here, and not when the session is made.
func (p Provider) Map() map[string]string {
	m := map[string]string{
		"device_id":                    strconv.Itoa(p.Device),
		"user_compute_stream":          strconv.FormatUint(uint64(p.Stream), 10),
		"has_user_compute_stream":      "1",
		"use_tf32":                     "0",
		"enable_cuda_graph":            "0",
		"fuse_conv_bias":               "0",
		"prefer_nhwc":                  "0",
		"cudnn_conv_algo_search":       "HEURISTIC",
		"cudnn_conv_use_max_workspace": "1",
		"arena_extend_strategy":        "kSameAsRequested",
		"do_copy_in_default_stream":    "1",
	}
	if p.Engines != "" {
		m["cudnn_conv_algo_search"] = p.Engines
	}
	if p.Graph {
		m["enable_cuda_graph"] = "1"
	}
	if p.MemoryLimit > 0 {
		m["gpu_mem_limit"] = strconv.FormatInt(p.MemoryLimit, 10)
	}
	return m
}
