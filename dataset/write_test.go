package dataset

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/float16"
	"example.org/demote/mistake"
)

// npyMagic begins every .npy file.
const npyMagic = "\x93NUMPY"

// npyBytes is a .npy file of version 1 with the given data.
func npyBytes(descr string, fortran bool, shape []int, data any) []byte {
	tuple := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(shape)), ", "), "[]")
	if len(shape) == 1 {
		tuple += ","
	}
	order := "False"
	if fortran {
		order = "True"
	}
	return npyRaw(fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }", descr, order, tuple), data)
}

// npyRaw is a .npy file with any text as its header.
func npyRaw(header string, data any) []byte {
	b := []byte(npyMagic + "\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)+1))
	b = append(b, header+"\n"...)
	b, err := binary.Append(b, binary.LittleEndian, data)
	if err != nil {
		panic(err)
	}
	return b
}

// entry is a file of an archive.
type entry struct {
	name string
	data []byte
}

func npz(method uint16, entries ...entry) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: method})
		if err == nil {
			_, err = f.Write(e.data)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func idx(code byte, shape []int, data any) []byte {
	b := []byte{0, 0, code, byte(len(shape))}
	for _, d := range shape {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	b, err := binary.Append(b, binary.BigEndian, data)
	if err != nil {
		panic(err)
	}
	return b
}

// count is 0, 1, 2, ... as numbers of a type.
func count[T ~uint8 | ~int8 | ~int32 | ~int64 | ~float32 | ~float64](n int) []T {
	v := make([]T, n)
	for i := range v {
		v[i] = T(i)
	}
	return v
}

// save writes a file into a folder of the test's own.
func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func input(name string, t Type, dims ...int64) []Input {
	return []Input{{Name: name, Dims: dims, Type: t}}
}

// mustOpen opens a set and closes it after the test.
func mustOpen(t testing.TB, path string, inputs []Input, o Options) *Set {
	t.Helper()
	s, err := Open(path, inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// values reads a sample as numbers.
func values(t testing.TB, s *Set, in, sample int) []float64 {
	t.Helper()
	b := make([]byte, s.SampleBytes(in))
	if err := s.Read(in, sample, b); err != nil {
		t.Fatal(err)
	}
	return decode(b, s.inputs[in].Type)
}

// decode reads numbers, independently of the caster.
func decode(b []byte, typ Type) []float64 {
	v := make([]float64, len(b)/typ.Size())
	for i := range v {
		e := b[i*typ.Size():]
		switch typ {
		case Float16:
			v[i] = float64(float16.Value(binary.LittleEndian.Uint16(e)))
		case Float32:
			v[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(e)))
		case Float64:
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(e))
		case Uint8, Bool:
			v[i] = float64(e[0])
		case Int8:
			v[i] = float64(int8(e[0]))
		case Int16:
			v[i] = float64(int16(binary.LittleEndian.Uint16(e)))
		case Int32:
			v[i] = float64(int32(binary.LittleEndian.Uint32(e)))
		case Int64:
			v[i] = float64(int64(binary.LittleEndian.Uint64(e)))
		default:
			panic("decode: type")
		}
	}
	return v
}

// wantBad checks that an error is the user's, is one line, and says what it should.
func wantBad(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	if !errors.Is(err, mistake.Err) {
		t.Errorf("%v: is not mistake.Err", err)
	}
	text := err.Error()
	if strings.Contains(text, "\n") || strings.HasSuffix(text, ".") || strings.Contains(text, "%!") {
		t.Errorf("%q: is not one line without a period", text)
	}
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q: lacks %q", text, p)
		}
	}
}

func gz(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}
