// Package devicetest holds a device to what package device says: Run is for the tests of a device, Reference is a
// device in plain Go that passes it without ONNX Runtime, and Toy is the network that both are asked about.
//
// All numbers of the toy are small multiples of a power of two, so that every sum is exact and no order of summation
// shows.
package devicetest
