package device

// A Replayer is a lane that captures the runs of its parts once and replays them. The self-test holds its replays
// against plain runs.
type Replayer interface {
	// Plainly has parts run without what was captured from now on, or with it again.
	Plainly(on bool)
	// Abandon has parts run plainly for good; Graphs says why.
	Abandon(why string)
}
