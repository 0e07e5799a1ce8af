package ir

// What the tests beside the package use of its inside.
const (
	FieldGraph = fieldGraph
)

var (
	ReplaceFiles = replaceFiles
)
