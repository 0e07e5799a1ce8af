// Package sandbox lets a child process load a network and run one block of it before this process does, since some
// files crash ONNX Runtime and its process. Networks that did not crash are recorded in the cache folder of the user.
package sandbox
