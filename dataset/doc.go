// Package dataset reads evaluation and calibration samples: NumPy .npy and .npz files, MNIST idx files and folders of
// images become samples of a network's inputs, with labels where there are any.
//
// Samples are read one at a time, by index; memory does not grow with the file, but for 8 bytes of label and 8 of index
// a sample. Files are not trusted: what their headers claim is compared with what they can hold before anything is
// allocated, and what has to be unpacked goes to an unlinked temporary file.
package dataset
