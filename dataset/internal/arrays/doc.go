// Package arrays finds arrays in .npy, .npz and MNIST idx files. It reads headers, compares what they claim with what
// the files hold, and unpacks what is compressed or in Fortran order; elements are read later, by offset.
package arrays
