package ir_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/mistake"
)

func TestExternalDataAreWrittenAndRead(t *testing.T) {
	m := onnxtest.ReadFile(t, onnxtest.ExampleFile)
	path := filepath.Join(t.TempDir(), "big.onnx")
	if err := ir.WriteSpilling(m, path, 1<<16); err != nil {
		t.Fatal(err)
	}
	small, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.Stat(path + ".data"); err != nil || data.Size() < small.Size() {
		t.Errorf("the model is %d bytes, its data %v, %v", small.Size(), data, err)
	}
	got := onnxtest.ReadFile(t, path)
	if !proto.Equal(got.Proto, m.Proto) {
		t.Error("the model differs after a detour through external data")
	}
	// Overwriting the files does not touch the model that was read from them.
	if err := ir.WriteSpilling(onnxtest.ConvNet(17).Model(t), path, 0); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(got.Proto, m.Proto) {
		t.Error("the model changed with its files")
	}
}

func TestExternalDataAreBounded(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "model")
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{filepath.Join(outer, "secret"), filepath.Join(dir, "w"), filepath.Join(dir, "sub", "w")} {
		if err := os.WriteFile(f, make([]byte, 100), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join("..", "secret"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("sub", "w"), filepath.Join(dir, "inner")); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		entries []string
		err     string // "" means that it is read
	}{
		{"whole file", []string{"location", "w"}, ""},
		{"a piece", []string{"location", "w", "offset", "28", "length", "72"}, ""},
		{"in a folder below", []string{"location", "sub/w"}, ""},
		{"behind a link that stays inside", []string{"location", "inner"}, ""},
		{"missing", []string{"location", "none"}, "missing"},
		{"no location", []string{"offset", "0"}, "without a location"},
		{"folder above", []string{"location", "../secret"}, "outside the model's folder"},
		{"absolute", []string{"location", filepath.Join(outer, "secret")}, "outside the model's folder"},
		{"behind a link that leads out", []string{"location", "link"}, "outside the model's folder"},
		{"a folder", []string{"location", "sub"}, "not a file"},
		{"cut off", []string{"location", "w", "offset", "29"}, "needs 72 bytes at offset 29"},
		{"offset that overflows", []string{"location", "w", "offset", "9223372036854775807"}, "needs 72 bytes"},
		{"negative offset", []string{"location", "w", "offset", "-1"}, `offset "-1"`},
		{"other length", []string{"location", "w", "length", "71"}, "71 bytes of external data instead of 72"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := ir.Parse(onnxtest.ExternalNet(c.entries...).Bytes(t), dir)
			if c.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), `"w1"`) {
				t.Errorf("error %v, want one with %q and the tensor", err, c.err)
			}
		})
	}
	t.Run("no folder", func(t *testing.T) {
		if _, err := ir.Parse(onnxtest.ExternalNet("location", "w").Bytes(t), ""); !errors.Is(err, mistake.Err) {
			t.Errorf("error %v", err)
		}
	})
}
