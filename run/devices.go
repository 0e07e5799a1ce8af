package run

import (
	"fmt"
	"runtime"

	"demote/backend"
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
	return &Found{Runtime: backend.RuntimeVersion(), Library: path, How: how, Devices: []Device{{Name: "cpu",
		Text: fmt.Sprintf("%d cores, FakeQuant by %s, %s free", runtime.NumCPU(), backend.Instructions(), byteText(freeMemory()))}}}, nil
}
