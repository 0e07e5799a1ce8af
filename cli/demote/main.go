// Command demote finds the largest set of activations of an ONNX network that can run in int8
// instead of int16 while the network stays above an accuracy target.
package main

import (
	"os"

	"example.org/demote/cli"
)

func main() { os.Exit(cli.Main(os.Args)) }
