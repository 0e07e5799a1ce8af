package mctq

// What the tests beside the package use of its inside.
var (
	Read  = read
	Write = annotate
	Mixed = mixed
)
