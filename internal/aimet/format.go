package aimet

import "example.org/demote/internal/format"

// TensorOverrides are the overrides of ONNX Runtime's quantizer for single tensors.
var TensorOverrides = format.Format{
	Name: "overrides", File: "overrides.json", Does: "TensorQuantOverrides of ONNX Runtime's quantize_static",
	Ends: []string{".json"}, Float: true,
	Write: func(mix format.Mix) (w format.Written, err error) {
		w.Text, err = overrides(mix.Network, mix.Records, mix.Low)
		return w, err
	},
}

// Format is AIMET's encodings of version 1.0.0, Format061 those of 0.6.1. Flags tell them: they go with a float
// network.
var (
	Format    = version("encodings", "encodings.json", "1.0.0")
	Format061 = version("encodings-0.6.1", "encodings-0.6.1.json", "0.6.1")
)

// version is a format of encodings.
func version(name, file, number string) format.Format {
	return format.Format{
		Name: name, File: file, Does: "AIMET encodings " + number, Ends: []string{".json", ".encodings"}, Float: true,
		Write: func(mix format.Mix) (w format.Written, err error) {
			w.Text, err = write(mix.Network, mix.Records, mix.Low, number)
			return w, err
		},
	}
}
