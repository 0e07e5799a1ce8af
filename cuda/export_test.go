//go:build cuda

package cuda

// What the tests beside the package use of its inside.
type (
	Element = element
	Error   = callError
)

var PTX = kernelsPTX

// Wheels returns the wheels of each CUDA.
func Wheels() map[int][]string {
	all := map[int][]string{}
	for version, list := range libraries {
		for _, l := range list {
			all[version] = append(all[version], l.wheel)
		}
	}
	return all
}
