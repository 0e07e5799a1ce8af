//go:build !linux

package fleet

import "runtime"

// giveWay lets other goroutines run between two blocks.
func giveWay() { runtime.Gosched() }
