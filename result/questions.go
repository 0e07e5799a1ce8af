package result

// Questions are what a search asked itself before its first trial, in numbers. What looked wrong is a warning
// besides.
type Questions struct {
	Seconds    float64      `json:"seconds"`           // that asking took, the passes of the search itself aside
	Duplicates int          `json:"duplicates"`        // samples of the data that are copies of an earlier one
	InCalib    int          `json:"in_calib"`          // calibration samples that are in the data too
	Ranges     []InputRange `json:"ranges,omitempty"`  // of each input that holds numbers, against the calibration
	Classes    []ClassName  `json:"classes,omitempty"` // of a folder of images: its sub-folders by their numbers
	Chance     *Chance      `json:"chance,omitempty"`  // where the labels allow it
	Instead    []Instead    `json:"instead,omitempty"` // what was tried in place of the data as they are
	// of the outputs with everything on the high grids, against the float network, in dB
	HighSQNR *float64 `json:"high_sqnr,omitempty"`
	Blame    *Blame   `json:"blame,omitempty"` // where the high grids lose much
}

// An InputRange is what an input of the network holds in the calibration and in the data.
type InputRange struct {
	Input   string  `json:"input"`
	Calib   *Range  `json:"calib"`
	Data    *Range  `json:"data"`
	Outside float64 `json:"outside"` // share of the data's values outside the calibrated range
}

// A ClassName is a class of a folder of images.
type ClassName struct {
	Label   int64  `json:"label"`
	Name    string `json:"name"`
	Samples int    `json:"samples"`
}

// Chance is how the network compares with whoever always says the same.
type Chance struct {
	Score  float64 `json:"score"`  // of the network: share of right classes or pixels, or mean squared error
	Always float64 `json:"always"` // of whoever always says the commonest class, or the mean value
	Class  *int64  `json:"class"`  // the commonest class; null for values
	Near   bool    `json:"near"`   // the network is no better by three standard errors
}

// Instead is something that was tried in place of the data as they are.
type Instead struct {
	Change  string  `json:"change"`  // --scale 255, labels one lower, ...
	Samples int     `json:"samples"` // that it was tried on
	Given   float64 `json:"given"`   // score of the data as they are, on these samples
	Score   float64 `json:"score"`   // score so
	Better  bool    `json:"better"`  // far better: it has been said
}

// Blame is the holder whose high grid alone moves the outputs furthest from those of the float network.
type Blame struct {
	Holder string   `json:"holder"` // empty: the weights' grids
	SQNR   *float64 `json:"sqnr"`   // of the outputs with that holder alone on its high grid, in dB
}
