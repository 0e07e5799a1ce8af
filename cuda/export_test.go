//go:build cuda

package cuda

// What the tests beside the package use of its inside.
type (
	Element = element
	Error   = callError
)

var PTX = kernelsPTX
