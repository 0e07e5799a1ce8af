// Package engine makes an ONNX network an evaluator that a search drives, without a run folder, a configuration or a
// command line:
//
//	model, err := onnx.Read("model.onnx")
//	network, err := onnx.Prepare(model, onnx.Options{})
//	calib, err := engine.OpenData("calib.npz", model, dataset.Options{})
//	data, err := engine.OpenData("eval.npz", model, dataset.Options{})
//	records, err := engine.Calibrate(ctx, network, calib, engine.Calibration{})
//	err = onnx.QuantizeWeights(network)
//	ev, err := engine.Open(ctx, network, records, data, engine.Options{Float: model})
//	found, err := search.Run(ctx, "", ev, search.NewOptions(len(records), 0.9))
//	mixed, err := onnx.QDQ(network, records, engine.Low(found.Mask))
//	err = mixed.Write("mixed.onnx")
//
// ONNX Runtime must be open, see OpenRuntime. Errors that match mistake.Err are of what the caller has given: their
// text says what to do, in one line. Where it names an option, such as "option limit", that is the field of an Options
// or of run.Config with this name, and a flag of the program; see package mistake.
package engine
