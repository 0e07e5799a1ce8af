package config

import (
	"fmt"

	"example.org/demote/mistake"
)

// sampleFiles are the inputs of a pair or a float network that are missing from a command line.
func (c Config) CheckGiven() error {
	if err := c.CheckBits(); err != nil {
		return err
	}
	pair := c.Low != "" || c.High != ""
	if c.HasEncodings() {
		return c.missingEncodings()
	}
	switch {
	case pair && c.Unroll:
		return c.unrollPair()
	case pair && c.Model != "":
		return mistake.Errorf("--model and --low/--high exclude each other: a pair brings its own grids")
	case pair && (c.Low == "" || c.High == ""):
		return mistake.Errorf("a pair needs --low and --high")
	case pair && c.Bias == "int32":
		return mistake.Errorf("--bias int32: a pair brings its own biases; leave it out")
	case pair && c.Calib != "":
		return mistake.Errorf("--calib: a pair brings its own grids; leave it out")
	case !pair && c.Weights == "follow":
		return mistake.Errorf("--weights follow: only a pair, --low and --high, has two sets of weights; leave it out")
	case !pair && c.Model == "":
		return mistake.Errorf("--model is missing: give --model M.onnx --calib C.npz, or a pair with --low and --high")
	case !pair && c.Calib == "":
		return mistake.Errorf("--calib is missing: the grids of a float network are made from calibration samples")
	case c.Data == "":
		return mistake.Errorf("--data is missing: give the evaluation samples, --data E.npz")
	}
	return nil
}

// Networks names the network in messages.
func (c Config) Networks() string {
	if c.Model != "" {
		return c.Model
	}
	return fmt.Sprintf("%s and %s", c.Low, c.High)
}

// missingEncodings are the inputs of a network with encodings that are missing from a command line.
func (c Config) missingEncodings() error {
	switch {
	case c.EncodingsLow == "" || c.EncodingsHigh == "":
		return mistake.Errorf("encodings come in two: give --encodings-low and --encodings-high")
	case c.Low != "" || c.High != "":
		return mistake.Errorf("--encodings-low and --low exclude each other: encodings go with a float network, --model")
	case c.Model == "":
		return mistake.Errorf("--model is missing: give the float network that the encodings were saved with")
	case c.Calib != "":
		return mistake.Errorf("--calib: encodings bring their own grids; leave it out")
	case c.Bias == "int32":
		return mistake.Errorf("--bias int32: encodings bring their own biases; leave it out")
	case c.Formula != "qdq":
		return mistake.Errorf("--formula %s: encodings compute formula qdq", c.Formula)
	case c.Unroll:
		return c.unrollPair()
	case c.OutputHolder:
		return mistake.Errorf("--output-holder: holders are the tensors that the encodings name; leave it out")
	case c.Weights == "follow":
		return mistake.Errorf("--weights follow: only a pair, --low and --high, has two sets of weights; leave it out")
	case c.Data == "":
		return mistake.Errorf("--data is missing: give the evaluation samples, --data E.npz")
	}
	return nil
}

// HasEncodings tells whether a command line names an encodings file.
func (c Config) HasEncodings() bool { return c.EncodingsLow != "" || c.EncodingsHigh != "" }

// unrollPair refuses --unroll where the networks are quantized already.
func (c Config) unrollPair() error {
	switch {
	case !c.Unroll:
		return nil
	case c.HasEncodings():
		return mistake.Errorf("--unroll: encodings name the tensors of the network as it is; leave it out")
	}
	return mistake.Errorf("--unroll: a pair brings its own networks; leave it out")
}
