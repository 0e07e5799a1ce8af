package qdq

// What the tests beside the package use of its inside.
var (
	Read           = read
	WriteMicrosoft = writeMicrosoft
)
