// Package dataset reads evaluation and calibration samples: NumPy .npy and .npz files, MNIST idx files and folders of
// images become samples of a network's inputs, with labels where there are any.
//
// The words of the package:
//
//   - A sample is one item of an evaluation: an element of each input's array along its first axis, or an image.
//   - A Set is an open data file with its labels. Its samples have indices, from 0 on.
//   - A column is the data of one input: an array of a file, matched with the shape and the type that the network has.
//   - Ragged samples have different shapes, as in TensorFlow's ragged tensors. They are padded to one shape, or grouped
//     by shape.
//   - An input is alike in all samples if it has one value for all of them, given with the options instead of a file.
//   - Steps are the elements of a sequence that a network with fed-back outputs takes one after the other.
//
// Samples are read one at a time, by index; memory does not grow with the file, but for 8 bytes of label and 8 of index
// a sample. Files are not trusted: what their headers claim is compared with what they can hold before anything is
// allocated, and what has to be unpacked goes to an unlinked temporary file.
//
// Rooms below it read the files: arrays finds arrays in them, images decodes images, number has the element types and
// converts one to another, files has temporary files and the words of errors.
package dataset
