package result

// Questions are the figures of the checks that a search makes of its set-up before its first evaluation. A check that
// fails is also a warning.
type Questions struct {
	Seconds    float64      `json:"seconds"`           // of the checks, without passes of the search itself
	Duplicates int          `json:"duplicates"`        // samples of the data that are copies of an earlier one
	InCalib    int          `json:"in_calib"`          // calibration samples that are in the data too
	Ranges     []InputRange `json:"ranges,omitempty"`  // of each float input, in data and calibration
	Classes    []ClassName  `json:"classes,omitempty"` // of a folder of images: its sub-folders by their numbers
	Chance     *Chance      `json:"chance,omitempty"`  // if the labels allow it
	Instead    []Instead    `json:"instead,omitempty"` // changes of the data that were tried
	// signal to noise of the all-int16 network's outputs against the float network, in dB
	HighSQNR *float64 `json:"high_sqnr,omitempty"`
	Blame    *Blame   `json:"blame,omitempty"` // if the high grids (int16) lose much
}

// An InputRange has the ranges of an input of the network in the calibration and in the data.
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

// Chance compares the network with a constant prediction.
type Chance struct {
	Score  float64 `json:"score"`  // of the network: share of right classes or pixels, or mean squared error
	Always float64 `json:"always"` // of a constant prediction: the commonest class, or the mean value
	Class  *int64  `json:"class"`  // the commonest class; null for values
	Near   bool    `json:"near"`   // the network is no better by three standard errors
}

// Instead is a change of the data that was tried, such as another scale.
type Instead struct {
	Change  string  `json:"change"`  // --scale 255, labels one lower, ...
	Samples int     `json:"samples"` // that it was tried on
	Given   float64 `json:"given"`   // score of the unchanged data on these samples
	Score   float64 `json:"score"`   // score with the change
	Better  bool    `json:"better"`  // far better: there is a warning
}

// Blame is the holder (activation quantizer) whose high grid alone changes the outputs of the float network most.
type Blame struct {
	Holder string   `json:"holder"` // empty: the weights' grids
	SQNR   *float64 `json:"sqnr"`   // of the outputs with that holder alone on its high grid, in dB
}
