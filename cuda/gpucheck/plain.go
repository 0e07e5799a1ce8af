//go:build !cuda

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "gpucheck: this program was built without the tag cuda: run make gpu-check")
	os.Exit(2)
}
