// Package task is a network and the data that it is searched on, ready to be compiled: the file is read, its samples
// are opened and shaped into blocks, ranges are calibrated or read, and weights lie on their grids. Float networks,
// pairs of quantized files and networks with encodings all become a Task.
package task
