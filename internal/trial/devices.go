package trial

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/backend"
	"example.org/demote/mistake"
)

// allGPUs is the name of all GPUs that can be used.
const allGPUs = "cuda:all"

// Several says whether --device names several GPUs.
func Several(device string) bool { return device == allGPUs || strings.Contains(device, ",") }

// findSeveral finds the GPUs that --device names: the samples are dealt to them. One that is named and cannot be used
// is an error; all means all that can.
func (s *Runner) findSeveral(name string) (err error) {
	names := strings.Split(name, ",")
	if name == allGPUs {
		if names, err = usableGPUs(); err != nil {
			return err
		}
	}
	s.Among = nil
	for i, one := range names {
		names[i] = strings.TrimSpace(one)
		if slices.Contains(names[:i], names[i]) {
			return mistake.Errorf("--device %s: %s is named twice: leave one of them out", name, names[i])
		}
		if names[i] == backend.DeviceCPU || names[i] == "auto" {
			return mistake.Errorf("--device %s: several devices are GPUs: leave out %s", name, names[i])
		}
		d, err := backend.CheckGPU(names[i])
		if err != nil {
			return err
		}
		s.Among = append(s.Among, d)
	}
	for _, d := range slices.Backward(s.Among) { // the first stays
		s.Device = d
		s.sayDevice("")
	}
	if len(s.Among) > 1 {
		s.Config.Say(fmt.Sprintf("the samples are dealt to %d GPUs", len(s.Among)))
	}
	return nil
}

// UsableGPUs are the GPUs that can be used.
func UsableGPUs() (list []backend.DeviceInfo, err error) {
	gpus, err := backend.GPUs()
	for _, g := range gpus {
		if g.Why == "" {
			list = append(list, g)
		}
	}
	return list, err
}

// usableGPUs are their names. Where there is none, it is for the check of the first to say why.
func usableGPUs() (names []string, err error) {
	gpus, err := UsableGPUs()
	if err != nil {
		return nil, err
	}
	for _, g := range gpus {
		names = append(names, g.Name)
	}
	if names == nil {
		names = []string{"cuda:0"}
	}
	return names, nil
}

// DeviceNames are the devices that trials run on, for people.
func (s *Runner) DeviceNames() string {
	if len(s.Config.Links) > 0 {
		var names []string
		for _, l := range s.Config.Links {
			names = append(names, l.Name())
		}
		return strings.Join(names, ", ")
	}
	if len(s.Among) < 2 {
		return s.Device.Name
	}
	var names []string
	for _, d := range s.Among {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}

// runsOn is what trials run on, where that is not this machine's CPU.
func (s *Runner) runsOn() string {
	if len(s.Config.Links) > 0 {
		return "the workers' " + s.Device.Name
	}
	return s.Device.Name
}

// freeMemory is the memory that can be had on each of the devices.
func (s *Runner) freeMemory() (free int64, err error) {
	if len(s.Config.Links) > 0 {
		return s.Device.Free, nil
	}
	if len(s.Among) < 2 {
		return backend.FreeMemory(s.Device.Name)
	}
	for i, d := range s.Among {
		own, err := backend.FreeMemory(d.Name)
		if err != nil {
			return 0, err
		}
		if i == 0 || own < free {
			free = own
		}
	}
	return free, nil
}

// members are the devices that the samples are dealt to; nil: one has them all.
func (s *Runner) members() (names []string) {
	switch {
	case len(s.Config.Links) > 0:
		return nil
	case len(s.Among) > 1 && s.Can().OwnMemory:
		for _, d := range s.Among {
			names = append(names, d.Name)
		}
	case s.Config.Members > 1:
		names = slices.Repeat([]string{backend.DeviceCPU}, s.Config.Members)
	}
	return names[:min(len(names), s.blocks())]
}

// memberLeft says that a member is not among the others any more.
func (s *Runner) memberLeft(text string) {
	s.Caution("member-left", text, "the result is the same; what is left takes longer")
}
