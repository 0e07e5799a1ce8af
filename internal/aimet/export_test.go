package aimet

// What the tests beside the package use of its inside.
var (
	Overrides = overrides
	Parse     = parse
	Write     = write
)
