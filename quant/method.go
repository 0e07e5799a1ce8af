package quant

import "example.org/demote/mistake"

// Method is a calibration method: how a range is found in calibration data.
type Method string

// The calibration methods. All but MinMax and Average need a second pass over the data, and a histogram. The names are
// those of ONNX Runtime's CalibrationMethod (MinMax, Percentile, Entropy) and of AIMET and PyTorch observers.
//
//   - MinMax: the minimum and the maximum. Nothing is clipped, and one outlier widens every step.
//   - Average: exponential moving average of the minimum and the maximum of each observation, constant 0.01, as
//     PyTorch's MovingAverageMinMaxObserver.
//   - Percentile: the range without the tails, see Observer.Percent.
//   - MSE: the range whose grid has the smallest mean squared error over the histogram.
//   - Entropy: the threshold whose grid loses the least information, by Kullback-Leibler divergence (Migacz, 8-bit
//     inference with TensorRT, GTC 2017).
//   - Threshold: the power of two with the smallest mean squared error among ten candidates, from twice the power of
//     two at or above max|x| downwards. It is the default of Sony's Model Compression Toolkit.
const (
	MinMax     Method = "minmax"
	Average    Method = "average"
	Percentile Method = "percentile"
	MSE        Method = "mse"
	Entropy    Method = "entropy"
	Threshold  Method = "threshold"
)

// ParseMethod returns the method of that name. The error is a mistake.Err and lists the names.
func ParseMethod(name string) (Method, error) {
	switch m := Method(name); m {
	case MinMax, Average, Percentile, MSE, Entropy, Threshold:
		return m, nil
	}
	return "", mistake.Errorf("unknown range %q: use minmax, average, percentile, mse, entropy or threshold", name)
}

// histogram reports whether the method needs a histogram, and with it a second pass.
func (m Method) histogram() bool { return m != MinMax && m != Average }
