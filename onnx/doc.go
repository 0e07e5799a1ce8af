// Package onnx is the face of what the rooms below internal know of ONNX: files are read, prepared for quantization,
// put on grids and written. It evaluates nothing.
//
// The way of a float network is Read, Prepare and QuantizeWeights, then QDQ, QDQMicrosoft or MCTQ with a record and a
// bit for each of its holders; what is quantized already comes in by ReadQuantized, an AIMET export by ReadEncodings
// and Apply, and the two files of a pair become one network by Pair.
//
// A TensorProto that is part of a model is never edited in place, only replaced: clones of a model share their
// tensors, and the bytes of external data are a read-only mapping of the file.
//
// The rooms, each of which imports those above it alone:
//
//	ir        the graph and its file: reading, checks, index, order, tensors, traits of operators, writing
//	network   the words for a network that is to be quantized: holders, weights, biases
//	variants  other models that compute the same numbers: fewer outputs, inputs fixed, shapes declared
//	shapes    ranks, sizes and work of operators
//	sinks     tensors whose values far outside come to nothing
//	sites     where the holders of a network are, and why not elsewhere
//	fold      constants and branches that are computed beforehand
//	opset     one operator set for all models; functions inlined
//	affine    BatchNormalization and its like in the weights before them
//	unroll    LSTM, GRU and RNN as single operators
//	prepare   from a model to a network
//	quantize  weights and biases on grids; quantizers put in and taken out
//	rewrite   the models that a search runs
//	pair      one network of an 8-bit and a 16-bit file
//	qdq       QuantizeLinear and DequantizeLinear
//	mctq      the quantizers of Sony's Model Compression Toolkit
//	aimet     AIMET's encodings and Qualcomm's overrides
package onnx
