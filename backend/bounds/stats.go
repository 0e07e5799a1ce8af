package bounds

// Stats counts what an Evaluator has done since it was made. Restored scores and progress are not counted.
type Stats struct {
	Trials     int // masks of which scores or blocks were asked for
	Blocks     int // blocks asked for, whatever the machine had to run for them
	Samples    int // samples of them
	Memo       int // scores answered from the memo
	Resumed    int // trials taken up from where an earlier scan left them
	Scans      int // scans that were begun
	Accepted   int // scans that a candidate passed
	Candidates int // candidates that the definition would have scored in full

	// Work that was begun on idle workers before a scan asked for it. What its scan then asks for is counted above,
	// like any other; what it has not asked for when it ends is thrown away: no later scan, score or journal gets it.
	Ahead         int     // blocks begun ahead
	Thrown        int     // of these, blocks thrown away
	ThrownSamples int     // samples of them
	ThrownWork    float64 // what they have cost, in whole-network passes of a sample
}
