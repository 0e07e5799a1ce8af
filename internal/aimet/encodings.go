package aimet

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"

	"example.org/demote/disk"
	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// Encodings are the grids of a network in an encodings file of AIMET, formats 0.6.1 and 1.0.0.
type Encodings struct {
	Version                 string
	Activations, Parameters []Encoding // in the file's order, in that of names for 0.6.1
}

// Encoding is the grid of one tensor, or those of its channels. A code q from 0 to 2^Bits-1 has the value
// (q+Offset)*Scale.
type Encoding struct {
	Name    string
	Bits    int
	Float   bool // the tensor stays in floating point; the rest is empty then
	Scales  []float64
	Offsets []int64 // as many
}

const (
	encodings061 = "0.6.1"
	encodings100 = "1.0.0"
	maxEncodings = 128 << 20 // bytes of a file

	maxEncodingsValues = 1 << 20 // a channel is one
)

// Read reads an encodings file. Errors match mistake.Err and name the file, the tensor and the field: another format,
// a scale that is not positive and finite, an offset that is no whole number, blocks instead of channels.
func Read(path string) (*Encodings, error) {
	data, err := disk.ReadJSON(path, maxEncodings, maxEncodingsValues)
	switch {
	case errors.Is(err, disk.ErrNotRegular) || errors.Is(err, disk.ErrTooLarge):
		return nil, mistake.Errorf("%s: not an encodings file: it %w", path, ir.Bare(err))
	case err != nil:
		return nil, mistake.Errorf("%s: cannot be read: %w", path, err)
	}
	e, err := parse(data)
	if err != nil {
		return nil, mistake.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// parse is Read for bytes in memory.
func parse(data []byte) (*Encodings, error) {
	var file struct {
		Version     string          `json:"version"`
		Activations json.RawMessage `json:"activation_encodings"`
		Parameters  json.RawMessage `json:"param_encodings"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, mistake.Errorf("not an encodings file: %w", err)
	}
	if file.Activations == nil {
		return nil, mistake.Errorf("not an encodings file: it has no activation_encodings")
	}
	read := parse061
	switch file.Version {
	case encodings061:
	case encodings100:
		read = parse100
	default:
		return nil, mistake.Errorf("encodings of version %q: %s and %s are supported (sim.export(..., encoding_version=%q))", file.Version, encodings061, encodings100, encodings100)
	}
	e := &Encodings{Version: file.Version}
	var err error
	if e.Activations, err = read(file.Activations); err != nil {
		return nil, mistake.Errorf("activation_encodings: %w", err)
	}
	if file.Parameters != nil {
		if e.Parameters, err = read(file.Parameters); err != nil {
			return nil, mistake.Errorf("param_encodings: %w", err)
		}
	}
	seen := make(map[string]bool)
	for _, list := range [][]Encoding{e.Activations, e.Parameters} {
		for _, c := range list {
			if seen[c.Name] {
				return nil, mistake.Errorf("tensor %q has two encodings", c.Name)
			}
			seen[c.Name] = true
			if err := c.check(); err != nil {
				return nil, mistake.Errorf("tensor %q: %w", c.Name, err)
			}
		}
	}
	return e, nil
}

// parse061 reads a map from tensors to lists with an object for every channel.
func parse061(data json.RawMessage) ([]Encoding, error) {
	var file map[string][]struct {
		Bits   *int     `json:"bitwidth"`
		DType  string   `json:"dtype"`
		Scale  *float64 `json:"scale"`
		Offset *float64 `json:"offset"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	var all []Encoding
	for _, name := range sortedKeys(file) {
		e := Encoding{Name: name}
		for i, c := range file[name] {
			if strings.EqualFold(c.DType, "float") {
				e.Float = true
				continue
			}
			switch {
			case c.DType != "" && !strings.EqualFold(c.DType, "int"):
				return nil, mistake.Errorf("tensor %q: dtype %q is neither int nor float", name, c.DType)
			case c.Bits == nil || c.Scale == nil || c.Offset == nil:
				return nil, mistake.Errorf("tensor %q: bitwidth, scale or offset is missing", name)
			case i > 0 && *c.Bits != e.Bits:
				return nil, mistake.Errorf("tensor %q: channels of %d and %d bits", name, e.Bits, *c.Bits)
			}
			if *c.Offset != math.Trunc(*c.Offset) {
				return nil, mistake.Errorf("tensor %q: offset %g is no whole number", name, *c.Offset)
			}
			e.Bits, e.Scales, e.Offsets = *c.Bits, append(e.Scales, *c.Scale), append(e.Offsets, int64(*c.Offset))
		}
		all = append(all, e)
	}
	return all, nil
}

// parse100 reads a list of objects with lists of scales and offsets.
func parse100(data json.RawMessage) ([]Encoding, error) {
	var file []struct {
		Name    string    `json:"name"`
		Kind    string    `json:"enc_type"`
		DType   string    `json:"dtype"`
		Bits    int       `json:"bw"`
		Scales  []float64 `json:"scale"`
		Offsets []float64 `json:"offset"`
		Shift   []float64 `json:"zero_point_shift"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	var all []Encoding
	for _, c := range file {
		e := Encoding{Name: c.Name, Bits: c.Bits, Scales: c.Scales}
		switch {
		case strings.EqualFold(c.DType, "float"):
			all = append(all, Encoding{Name: c.Name, Float: true})
			continue
		case !strings.EqualFold(c.DType, "int"):
			return nil, mistake.Errorf("tensor %q: dtype %q is neither INT nor FLOAT", c.Name, c.DType)
		case c.Kind != "PER_TENSOR" && c.Kind != "PER_CHANNEL":
			return nil, mistake.Errorf("tensor %q: enc_type %q is not supported: PER_TENSOR and PER_CHANNEL are", c.Name, c.Kind)
		case c.Kind == "PER_TENSOR" && len(c.Scales) != 1:
			return nil, mistake.Errorf("tensor %q: %d scales, but enc_type PER_TENSOR", c.Name, len(c.Scales))
		case slices.ContainsFunc(c.Shift, func(v float64) bool { return v != 0 }):
			return nil, mistake.Errorf("tensor %q: zero_point_shift: zero has to be a code", c.Name)
		}
		for _, o := range c.Offsets {
			if o != math.Trunc(o) {
				return nil, mistake.Errorf("tensor %q: offset %g is no whole number", c.Name, o)
			}
			e.Offsets = append(e.Offsets, int64(o))
		}
		all = append(all, e)
	}
	return all, nil
}

// check reports numbers that make no grid.
func (e Encoding) check() error {
	if e.Name == "" {
		return mistake.Errorf("an encoding without name")
	}
	if e.Float {
		if len(e.Scales) > 0 {
			return mistake.Errorf("channels of both dtypes")
		}
		return nil
	}
	if e.Bits < 2 || e.Bits > 32 {
		return mistake.Errorf("%d bits: 2 to 32 are possible", e.Bits)
	}
	if len(e.Scales) == 0 || len(e.Scales) != len(e.Offsets) {
		return mistake.Errorf("%d scales and %d offsets", len(e.Scales), len(e.Offsets))
	}
	for i, s := range e.Scales {
		if !(float32(s) >= 0x1p-126) || math.IsInf(float64(float32(s)), 0) {
			return mistake.Errorf("scale %g is not a positive number in float32", s)
		}
		if o := e.Offsets[i]; o > 0 || o < -(int64(1)<<e.Bits-1) {
			return mistake.Errorf("offset %d is not between %d and 0", o, -(int64(1)<<e.Bits - 1))
		}
	}
	return nil
}
