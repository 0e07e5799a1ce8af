// Package gpu is a CUDA device. A program that is built without the tag cuda has none, and says so.
package gpu
