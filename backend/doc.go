// Package backend evaluates masks on resident data: the network is compiled once, the samples
// stay in fixed blocks where the computing happens, and a trial only writes a mask.
//
// It knows nothing of strategies. What a scan answers is defined by search.NaiveScan; everything
// here that answers it faster gives the same answer.
//
// ONNX Runtime is opened first, once for the process: OpenRuntime. An evaluator is used in this order: New or
// NewShaped; Plan, Block and SelfTest, in any number; Arrange; then scores, scans and outputs until Close. Plan, Block
// and Arrange change how fast a trial is, and no score. Errors that match mistake.Err are of what the caller has given.
package backend
