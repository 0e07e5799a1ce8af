package link

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"example.org/demote/backend/metric"
)

// TruthBytes are the lists of a truth, little-endian, by name, as far as a metric wants labels and the outputs of the
// reference network.
func TruthBytes(t metric.Truth, labels, reference bool) map[string][]byte {
	lists := map[string][]byte{}
	if reference {
		lists["reference"] = floats(t.Reference)
	}
	if !labels {
		return lists
	}
	lists["values"] = floats(t.Values)
	for _, l := range t.Labels {
		lists["labels"] = binary.LittleEndian.AppendUint64(lists["labels"], uint64(l))
	}
	for _, p := range t.Pixels {
		lists["pixels"] = binary.LittleEndian.AppendUint32(lists["pixels"], uint32(p))
	}
	return lists
}

func floats(list []float32) (data []byte) {
	for _, v := range list {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// PutTruth puts what TruthBytes returns.
func PutTruth(ctx context.Context, l Link, lists map[string][]byte, dims []int64) (*Truth, error) {
	t := &Truth{LabelDims: dims}
	for name, file := range t.files() {
		var err error
		if *file, err = Put(ctx, l, lists[name]); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Truth) files() map[string]*File {
	return map[string]*File{"labels": &t.Labels, "pixels": &t.Pixels, "values": &t.Values, "reference": &t.Reference}
}

// Get fetches the lists, of at most so many bytes each.
func (t *Truth) Get(ctx context.Context, h Host, most int64) (truth metric.Truth, err error) {
	lists := map[string][]byte{}
	for name, file := range t.files() {
		if lists[name], err = Get(ctx, h, *file, most); err != nil {
			return truth, fmt.Errorf("%s: %w", name, err)
		}
	}
	truth.LabelDims = t.LabelDims
	for b := lists["labels"]; len(b) >= 8; b = b[8:] {
		truth.Labels = append(truth.Labels, int64(binary.LittleEndian.Uint64(b)))
	}
	for b := lists["pixels"]; len(b) >= 4; b = b[4:] {
		truth.Pixels = append(truth.Pixels, int32(binary.LittleEndian.Uint32(b)))
	}
	truth.Values, truth.Reference = readFloats(lists["values"]), readFloats(lists["reference"])
	return truth, nil
}

func readFloats(b []byte) (list []float32) {
	for ; len(b) >= 4; b = b[4:] {
		list = append(list, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return list
}
