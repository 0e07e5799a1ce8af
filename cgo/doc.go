// Package cgo is the C bridge to ONNX Runtime for what yalue/onnxruntime_go lacks: the FakeQuant operator, which is an
// activation quantizer (holder), tensors in C memory, and bindings that run without allocating on the Go side. It holds
// no logic of the search.
//
// Ownership: C allocates what C keeps, and no Go pointer outlives a call. Every handle (Session, Binding, Tensor) has
// an idempotent Close, and Live counts the handles that are still open. A Session may run at the same time with
// different Bindings; a Binding belongs to one goroutine at a time. Close a Session after its Bindings.
package cgo
