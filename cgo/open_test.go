package cgo_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
)

// TestHeadersAreYalues: both sides of the process must agree on the C API, so the headers are the module's own.
func TestHeadersAreYalues(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yalue/onnxruntime_go").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"onnxruntime_c_api.h", "onnxruntime_ep_c_api.h"} {
		theirs, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), name))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs) {
			t.Errorf("%s differs from the one in %s", name, strings.TrimSpace(string(out)))
		}
	}
}

func TestInitAgain(t *testing.T) {
	if err := cgo.Init(orttest.Path(t)); err != nil {
		t.Errorf("the same path again: %v", err)
	}
	if err := cgo.Init("/elsewhere/libonnxruntime.so"); err == nil || !strings.Contains(err.Error(), "already open") {
		t.Errorf("another path: %v", err)
	}
	if cgo.Version() == "" || !filepath.IsAbs(cgo.Path()) {
		t.Errorf("version %q, path %q", cgo.Version(), cgo.Path())
	}
}

// TestLoadErrors opens what is no library, no ONNX Runtime, and an old one (a few lines of C).
func TestLoadErrors(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o666); err != nil {
		t.Fatal(err)
	}
	const fake = `#include <stddef.h>
static const void *get(unsigned v) { return (void)v, NULL; }
static const char *version(void) { return VERSION; }
static const struct { const void *(*get)(unsigned); const char *(*version)(void); } base = {get, version};
const void *OrtGetApiBase(void) { return &base; }`
	for _, c := range []struct{ name, path, want string }{
		{"missing file", filepath.Join(folder, "none.so"), "none.so"},
		{"not a library", text, "text.so"},
		{"another library", library(t, folder, "other", "int nothing;"), "is no ONNX Runtime"},
		{"old", library(t, folder, "old", fake, `-DVERSION="1.23.2"`), "is ONNX Runtime 1.23.2: 1.24 or newer is needed"},
		{"without a version", library(t, folder, "odd", fake, `-DVERSION="new"`), "is ONNX Runtime new: 1.24"},
		{"without the table", library(t, folder, "reduced", fake, `-DVERSION="1.24.0"`), "does not serve C API 24"},
	} {
		if _, err := cgo.Load(c.path); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", c.name, err, c.want)
		}
	}
}

// library compiles C to a shared library.
func library(t *testing.T, folder, name, code string, flags ...string) string {
	t.Helper()
	source, path := filepath.Join(folder, name+".c"), filepath.Join(folder, "lib"+name+".so")
	if err := os.WriteFile(source, []byte(code), 0o666); err != nil {
		t.Fatal(err)
	}
	cc := strings.Fields(os.Getenv("CC")) // which may have arguments
	if len(cc) == 0 {
		cc = []string{"cc"}
	}
	if out, err := exec.Command(cc[0], slices.Concat(cc[1:], flags, []string{"-shared", "-fPIC", "-o", path, source})...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func TestLayoutGuard(t *testing.T) {
	if err := cgo.CheckLayout(); err != nil {
		t.Error(err)
	}
	type inner struct{ _ int }
	for name, v := range map[string]any{
		"no struct": 1,
		"empty":     struct{}{},
		"moved": struct {
			n int
			o *inner
		}{},
		"renamed":            struct{ p *inner }{},
		"no pointer":         struct{ o inner }{},
		"pointer to another": struct{ o *int }{},
	} {
		if err := cgo.CheckFirstField(reflect.TypeOf(v), "o", reflect.Struct); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := cgo.CheckFirstField(reflect.TypeFor[struct{ o *inner }](), "o", reflect.Struct); err != nil {
		t.Error(err)
	}
}
