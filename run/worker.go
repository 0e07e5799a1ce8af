package run

import (
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/cluster"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
)

// WorkerDevices are the devices that a worker computes on, with what is free on each: --device is one, several, or
// auto, which is the first GPU that can be used, else the CPU.
func WorkerDevices(name string) (list []backend.DeviceInfo, err error) {
	cpu := backend.DeviceInfo{Name: backend.DeviceCPU, Free: memory.Left()}
	switch {
	case name == backend.DeviceCPU, name == "auto" && !backend.WithCUDA:
		return []backend.DeviceInfo{cpu}, nil
	case name != "auto" && name != "cuda:all":
		for one := range strings.SplitSeq(name, ",") {
			d, err := backend.CheckGPU(strings.TrimSpace(one))
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(list, func(other backend.DeviceInfo) bool { return other.Name == d.Name }) {
				return nil, mistake.Errorf("--device %s: %s is named twice: leave one of them out", name, d.Name)
			}
			list = append(list, d)
		}
		return list, nil
	}
	if list, err = trial.UsableGPUs(); err != nil {
		return nil, err
	}
	switch {
	case len(list) == 0 && name == "auto":
		return []backend.DeviceInfo{cpu}, nil
	case len(list) == 0:
		d, err := backend.CheckGPU("cuda:0") // which says why
		return []backend.DeviceInfo{d}, err
	case name == "auto":
		return list[:1], nil
	}
	return list, nil
}

// WorkerData are the files below a folder that a worker may read samples from; an empty name: none are.
func WorkerData(root string) (*far.Data, error) {
	if root == "" {
		return nil, nil
	}
	return far.NewData(root)
}

// WorkerServer begins what computes on a device for a search, in so much memory; 0: what is free. On the CPU so many
// batches run at once at most; 0: as many as the search asks for, or one per core.
func WorkerServer(device string, memory int64, workers int, data *far.Data) func(link.Host) cluster.Server {
	return func(h link.Host) cluster.Server {
		return far.NewServer(h, far.ServerOptions{Device: device, Memory: memory, Workers: workers, Data: data, Trim: backend.Trim})
	}
}
