package device

// An Info is a device that searches can run on, or the reason why they cannot.
type Info struct {
	Name   string // cpu, cuda:0
	Text   string // what it is, in words
	Why    string // it cannot be used because; empty: it can
	Memory int64  // bytes in all; 0 where it is the machine's
	Free   int64  // bytes that can still be had
	Fill   int    `json:"-"` // elements of a tensor that give all of it work at once; 0: not known, or of no matter
}

// Traffic is what a GPU was asked to move and to start beside the networks' own kernels, since it
// was opened. Everything is 0 on the CPU.
type Traffic struct {
	UpCopies    int64 `json:"up_copies"` // host to device
	UpBytes     int64 `json:"up_bytes"`
	DownCopies  int64 `json:"down_copies"` // device to host
	DownBytes   int64 `json:"down_bytes"`
	Launches    int64 `json:"launches"` // of kernels for metrics and stored activations
	Allocations int64 `json:"allocations"`
	Runs        int64 `json:"runs"` // of a network or a part of one: the start of one graph each, where it is captured
}

// Add is the traffic of two devices.
func (t Traffic) Add(u Traffic) Traffic {
	return Traffic{t.UpCopies + u.UpCopies, t.UpBytes + u.UpBytes, t.DownCopies + u.DownCopies, t.DownBytes + u.DownBytes,
		t.Launches + u.Launches, t.Allocations + u.Allocations, t.Runs + u.Runs}
}

// Sub is the traffic since an earlier look, u, at the same device.
func (t Traffic) Sub(u Traffic) Traffic {
	return Traffic{t.UpCopies - u.UpCopies, t.UpBytes - u.UpBytes, t.DownCopies - u.DownCopies, t.DownBytes - u.DownBytes,
		t.Launches - u.Launches, t.Allocations - u.Allocations, t.Runs - u.Runs}
}
