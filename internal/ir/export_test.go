package ir

// What the tests beside the package use of its inside.
var ReplaceFiles = replaceFiles

// WriteSpilling writes a model with the tensors from a size on beside it, for the tests outside.
func WriteSpilling(m *Model, path string, limit int64) error { return m.writeSpilling(path, limit) }
