package run

import (
	"fmt"
	"runtime"
	"slices"

	"demote/cgo"
)

// Found is what `demote devices` says.
type Found struct {
	Runtime string   `json:"onnxruntime"`
	Library string   `json:"library"`
	How     string   `json:"found"`
	Devices []Device `json:"devices"`
}

// A Device is something that searches can run on.
type Device struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Devices is the command devices: the runtime that was found, and what searches can run on.
func Devices(ort string) (*Found, error) {
	path, how, err := OpenRuntime(ort)
	if err != nil {
		return nil, err
	}
	return &Found{Runtime: cgo.Version(), Library: path, How: how, Devices: []Device{{Name: "cpu",
		Text: fmt.Sprintf("%d cores, FakeQuant by %s, %s free", runtime.NumCPU(), cgo.ISAName(slices.Max(cgo.ISAs())), byteText(freeMemory()))}}}, nil
}
