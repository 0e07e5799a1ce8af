package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
)

// listing is every file below a folder, with size and time.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if !d.IsDir() {
			path += fmt.Sprint(" ", info.Size(), info.ModTime())
		}
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// file replaces a file; nil removes it.
func file(name string, data []byte) func(*testing.T, inputs) []string {
	return func(t *testing.T, in inputs) []string {
		if data == nil {
			if err := os.Remove(in.path(name)); err != nil {
				t.Fatal(err)
			}
			return nil
		}
		in.write(t, name, data)
		return nil
	}
}

// network changes the network.
func network(change func(graph)) func(*testing.T, inputs) []string {
	return func(t *testing.T, in inputs) []string {
		g := plain()
		change(g)
		in.write(t, "net.onnx", g.bytes())
		return nil
	}
}

// data changes samples and labels.
func data(name string, n int, change func(x, y []float64)) func(*testing.T, inputs) []string {
	return func(t *testing.T, in inputs) []string {
		x, y := images(n)
		change(x, y)
		in.write(t, name, npz(map[string][]byte{"x": npy("<f4", x, n, 1, 4, 4), "y": npy("<i8", y, n)}))
		return nil
	}
}

func archive(n int) []byte {
	x, y := images(n)
	return npz(map[string][]byte{"x": npy("<f4", x, n, 1, 4, 4), "y": npy("<i8", y, n)})
}

// unlabelled leaves the labels out.
func unlabelled(more ...string) func(*testing.T, inputs) []string {
	return func(t *testing.T, in inputs) []string {
		x, _ := images(40)
		in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4)}))
		return more
	}
}

// flags adds to the command line.
func flags(more ...string) func(*testing.T, inputs) []string {
	return func(*testing.T, inputs) []string { return more }
}

// set changes one flag; "-" leaves it out.
func set(name, value string) func(*testing.T, inputs) []string {
	return func(_ *testing.T, in inputs) []string { in.flags[name] = value; return nil }
}

// external moves the first weight to a file of its own.
func external(location string, length int64) func(graph) {
	return func(g graph) {
		w := g.Graph.Initializer[0]
		w.FloatData, w.RawData = nil, nil
		w.DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
		for _, kv := range [][2]string{{"location", location}, {"length", fmt.Sprint(length)}} {
			w.ExternalData = append(w.ExternalData, &onnxpb.StringStringEntryProto{Key: proto.String(kv[0]), Value: proto.String(kv[1])})
		}
	}
}

// noHolder is a network in which no float tensor is computed and whose input is not float.
func noHolder() []byte {
	g := newGraph()
	g.Graph.Input = []*onnxpb.ValueInfoProto{value("x", 7, -1, 1, 4, 4)}
	g.node("Identity", "y", "x")
	g.Graph.Output = []*onnxpb.ValueInfoProto{value("y", 7, -1, 1, 4, 4)}
	return g.bytes()
}

// integersOnly is a network of which only the output is float.
func integersOnly() []byte {
	g := newGraph()
	g.Graph.Input = []*onnxpb.ValueInfoProto{value("x", 7, -1, 1, 4, 4)}
	g.node("Flatten", "f", "x").node("Cast", "y", "f").output("y", 16)
	g.Graph.Node[1].Attribute = []*onnxpb.AttributeProto{{Name: proto.String("to"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}}
	return g.bytes()
}

// emptyNodes is a graph of n/2 nodes without anything in them, which take far more memory than bytes.
func emptyNodes(n int) []byte {
	data := make([]byte, 0, n)
	for len(data) < n {
		data = append(data, 1<<3|2, 0)
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), data)
}
