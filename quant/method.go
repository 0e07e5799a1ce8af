package quant

import "example.org/demote/mistake"

// Method says how a range is found in calibration data.
type Method string

// The methods. All but MinMax and Average look at the data twice and keep a histogram.
//
//   - MinMax: the least and the greatest value.
//   - Average: exponential moving average of the least and the greatest value of each observation, constant 0.01, as
//     PyTorch's MovingAverageMinMaxObserver.
//   - Percentile: the ends that cut off the tails; see Observer.Percent.
//   - MSE: the range whose grid has the least mean squared error over the histogram.
//   - Entropy: the threshold whose grid loses the least information (Kullback-Leibler divergence), after NVIDIA's
//     "8-bit inference with TensorRT" (Migacz, GTC 2017).
//   - Threshold: the power of two with the least mean squared error, from twice the power of two at or above max|x|
//     downwards, ten candidates: the default of Sony's Model Compression Toolkit.
const (
	MinMax     Method = "minmax"
	Average    Method = "average"
	Percentile Method = "percentile"
	MSE        Method = "mse"
	Entropy    Method = "entropy"
	Threshold  Method = "threshold"
)

// ParseMethod returns the method of that name, or a mistake.Err error that lists the names.
func ParseMethod(name string) (Method, error) {
	switch m := Method(name); m {
	case MinMax, Average, Percentile, MSE, Entropy, Threshold:
		return m, nil
	}
	return "", mistake.Errorf("unknown range %q: use minmax, average, percentile, mse, entropy or threshold", name)
}

// histogram reports whether the method needs one, and with it a second pass.
func (m Method) histogram() bool { return m != MinMax && m != Average }
