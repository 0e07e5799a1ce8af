package calibrate

// What the tests beside the package use of its inside.
var (
	KnownInputs    = knownInputs
	NewObservation = newObservation
)

type Observation = observation
