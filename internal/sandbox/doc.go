// Package sandbox has a child process load a network and run one block of it before this process does: ONNX Runtime
// dies of some files, and takes the process with it. Networks that have come through are remembered in the user's
// cache folder.
package sandbox
