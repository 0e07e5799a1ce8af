package serve

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"example.org/demote/internal/npy"
)

// A View is samples that are judged together, with what a server has to know of them. Samples are numbered from 0.
type View struct {
	Set     string   // of the data, as the program calls it: data, holdout
	Numbers []int    // of each sample in the file that it is from
	Outputs []Output // that rows have, one behind the other
	Labels  []Array  // of all samples
}

// An Output is one that is judged.
type Output struct {
	Name string
	Dims []int64 // of one sample
}

// An Array is an array of labels.
type Array struct {
	Name    string
	Descr   string  // NumPy's name of the element type
	Dims    []int64 // with the samples, or the rows of all samples, in front
	Data    []byte  // little-endian, in C order
	Offsets []int64 // where each sample's rows begin, and their number last; nil: a row is a sample
}

// describe is the JSON of a frame of kind view.
func (v View) describe(id int) ([]byte, error) {
	type output struct {
		Name  string  `json:"name"`
		Shape []int64 `json:"shape"`
	}
	type label struct {
		Name    string `json:"name"`
		Offsets bool   `json:"offsets"`
	}
	outputs, labels := []output{}, []label{}
	for _, o := range v.Outputs {
		outputs = append(outputs, output{o.Name, append([]int64{}, o.Dims...)})
	}
	for _, a := range v.Labels {
		labels = append(labels, label{a.Name, a.Offsets != nil})
	}
	return json.Marshal(map[string]any{"view": id, "set": v.Set, "samples": len(v.Numbers), "outputs": outputs, "labels": labels})
}

// frame is the frame that tells of a view.
func (v View) frame(id int) ([]byte, error) {
	text, err := v.describe(id)
	if err != nil {
		return nil, err
	}
	f := binary.LittleEndian.AppendUint32(begin(view, len(text)+v.size()), uint32(len(text)))
	f = append(f, text...)
	f = append(f, npy.Header("<i8", int64(len(v.Numbers)))...)
	for _, n := range v.Numbers {
		f = binary.LittleEndian.AppendUint64(f, uint64(n))
	}
	for _, a := range v.Labels {
		f = append(append(f, npy.Header(a.Descr, a.Dims...)...), a.Data...)
		if a.Offsets != nil {
			f = append(f, npy.Header("<i8", int64(len(a.Offsets)))...)
			for _, at := range a.Offsets {
				f = binary.LittleEndian.AppendUint64(f, uint64(at))
			}
		}
	}
	return end(f), nil
}

// size is about the bytes of a frame.
func (v View) size() int {
	n := 4096 + 8*len(v.Numbers)
	for _, a := range v.Labels {
		n += len(a.Data) + 8*len(a.Offsets) + 1024
	}
	return n
}

// same names a view by all that it has: equal views are told once.
func (v View) same() ([sha256.Size]byte, error) {
	text, err := v.describe(0)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	h := sha256.New()
	_, _ = h.Write(text)
	for _, a := range v.Labels {
		_, _ = fmt.Fprintln(h, a.Descr, a.Dims, a.Offsets)
		_, _ = h.Write(a.Data)
	}
	_, _ = fmt.Fprintln(h, v.Numbers)
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// values is how many values a sample has in the rows.
func (v View) values() int {
	n := 0
	for _, o := range v.Outputs {
		n += o.values()
	}
	return n
}

func (o Output) values() int {
	n := 1
	for _, d := range o.Dims {
		n *= int(d)
	}
	return n
}

// rowsFrame has the outputs of some samples of a view, whose rows lie one behind the other: an output behind the other,
// of all these samples each.
func (v View) rowsFrame(request uint64, id int, samples []int, list []float32) []byte {
	f := begin(rows, 16+4*len(samples)+4*len(list))
	f = binary.LittleEndian.AppendUint64(f, request)
	f = binary.LittleEndian.AppendUint32(f, uint32(id))
	f = binary.LittleEndian.AppendUint32(f, uint32(len(samples)))
	for _, s := range samples {
		f = binary.LittleEndian.AppendUint32(f, uint32(s))
	}
	row := v.values()
	if len(v.Outputs) == 1 {
		return end(appendFloats(f, list[:row*len(samples)]))
	}
	at := 0
	for _, o := range v.Outputs {
		n := o.values()
		for slot := range samples {
			f = appendFloats(f, list[slot*row+at:slot*row+at+n])
		}
		at += n
	}
	return end(f)
}
