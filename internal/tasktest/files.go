package tasktest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/npy"
	"example.org/demote/onnx/onnxpb"
)

// WriteNetwork writes a graph as a model of opset 17 and returns its path.
func WriteNetwork(t testing.TB, path string, g *onnxpb.GraphProto) string {
	t.Helper()
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}, Graph: g})
	if err != nil {
		t.Fatal(err)
	}
	WriteFile(t, path, data)
	return path
}

// NPYHeader is the head of an npy file, format version 1.0.
func NPYHeader(dtype string, shape ...int) []byte {
	dims := make([]int64, len(shape))
	for i, d := range shape {
		dims[i] = int64(d)
	}
	return []byte(npy.Header(dtype, dims...))
}

// WriteFile writes a file.
func WriteFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// ReadFile returns what a file holds.
func ReadFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// NPZ is an archive of npy files, by key.
func NPZ(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for key, data := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: key + ".npy", Method: zip.Store})
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// WriteArrays writes npy files, by key, as an archive.
func WriteArrays(t testing.TB, path string, arrays map[string][]byte) string {
	t.Helper()
	WriteFile(t, path, NPZ(t, arrays))
	return path
}

// FloatsNPY is an array of float32 as a file.
func FloatsNPY(values []float32, shape ...int) []byte {
	data := NPYHeader("<f4", shape...)
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// Normals are normal random numbers.
func Normals(seed uint64, n int) []float32 {
	rng := rand.New(rand.NewPCG(11, seed))
	list := make([]float32, n)
	for i := range list {
		list[i] = float32(rng.NormFloat64())
	}
	return list
}
