package bounds

// Stats counts what an Evaluator has done since it was made. Restored scores and progress are not counted.
type Stats struct {
	Trials     int // distinct masks that were run
	Blocks     int // blocks that were asked for, whatever the machine had to run of them
	Samples    int // samples of them
	Memo       int // scores answered from the memo
	Resumed    int // trials that continued where an earlier scan left them
	Scans      int
	Accepted   int // scans with a candidate that passed
	Candidates int // candidates that the definition would have scored in full

	// Work of idle workers that began before a scan asked for it. Blocks that the scan then asks for are counted above
	// like any other. The rest is thrown away at its end: no later scan, score or journal gets it.
	Ahead         int     // blocks begun ahead
	Thrown        int     // of these, blocks thrown away
	ThrownSamples int     // samples of them
	ThrownWork    float64 // their work, in passes of one sample through the whole network
}
