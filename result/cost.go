package result

// TrialCosts are the costs of the distinct masks of the last session of the run, in the order in which they began.
// Scores that a session of before has left in the journal are not among them.
type TrialCosts struct {
	Judged  []float64 `json:"judged"`  // share of the samples that the mask ran on, 0 to 1
	Seconds []float64 `json:"seconds"` // until it was left or over
}

// MetricCommand is what a metric command has cost.
type MetricCommand struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
}

// MetricServer is what a metric server has cost.
type MetricServer struct {
	Starts   int     `json:"starts"`   // one for each session of the run
	Requests int     `json:"requests"` // that it has answered
	Seconds  float64 `json:"seconds"`  // in which it had something to answer; evaluations went on meanwhile
}

// A StageTime is what a stage has taken.
type StageTime struct {
	Name       string  `json:"name"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"` // processor time, of all threads
}

// A Saving is what a mix saves, counted in one cost: of all that demoting every holder would save. Total is what the
// network with every holder on its high grid costs; null where only savings are known.
type Saving struct {
	Cost  string   `json:"cost"`
	Saved float64  `json:"saved"`
	All   float64  `json:"all"`
	Total *float64 `json:"total"`
}
