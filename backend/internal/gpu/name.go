package gpu

import (
	"strconv"
	"strings"

	"example.org/demote/backend/device"
	"example.org/demote/mistake"
)

// traits are what a GPU can, in programs with and without CUDA.
var traits = device.Traits{Queue: true, OwnMemory: true, MayRound: true, Entries: true, Values: true, Replays: true, Settles: true, Fuses: true}

// gpuNumber reads a device's name: cuda, cuda:0, cuda:1.
func gpuNumber(name string) (int, error) {
	text, ok := strings.CutPrefix(name, "cuda:")
	if name == "cuda" {
		text, ok = "0", true
	}
	n, err := strconv.Atoi(text)
	if !ok || err != nil || n < 0 {
		return 0, mistake.Errorf("--device %s: choose auto, cpu, or a GPU such as cuda:0; `demote devices` lists them", name)
	}
	return n, nil
}
