//go:build cuda

package gpu

import "example.org/demote/mistake"

// The tests of this room read texts as the program's user does.
func init() { mistake.NameFlags(true) }
