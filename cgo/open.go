package cgo

/*
#cgo LDFLAGS: -ldl -lm
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"
)

var library struct {
	sync.Mutex
	path    string // of the open library
	version string
}

// live counts the open handles.
var live atomic.Int64

// Live returns the number of Sessions, Bindings and Tensors that are open: 0 at the end of a program or test that
// closes everything.
func Live() int64 { return live.Load() }

// errNotOpen is returned where ONNX Runtime is needed before Init.
var errNotOpen = errors.New("cgo: ONNX Runtime is not open: call Init first")

// Init opens the ONNX Runtime library at a path, here and in yalue/onnxruntime_go, and makes the process's one
// environment (log level fatal). Later calls with the same path do nothing; with another path they are an error. The
// error says where the library cannot be opened or is older than 1.24.
func Init(path string) error {
	if err := openLibrary(path); err != nil {
		return err
	}
	library.Lock()
	defer library.Unlock()
	if ort.IsInitialized() {
		return nil
	}
	if err := checkLayout(); err != nil {
		return err
	}
	ort.SetSharedLibraryPath(library.path)
	return ort.InitializeEnvironment(ort.WithLogLevelFatal()) // statuses carry all that it would print
}

// openLibrary opens the library for this package alone, for a program that initializes yalue/onnxruntime_go itself,
// with the same file. The library stays open until the process ends.
func openLibrary(path string) error {
	full, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	library.Lock()
	defer library.Unlock()
	if library.path == full {
		return nil
	}
	if library.path != "" {
		return fmt.Errorf("cgo: ONNX Runtime is already open from %s, not %s", library.path, full)
	}
	version, err := load(full)
	if err != nil {
		return err
	}
	library.path, library.version = full, version
	mapLarge()
	return nil
}

// load opens a library and, if it serves, makes it the one that C uses.
func load(path string) (version string, err error) {
	file := C.CString(path)
	defer C.free(unsafe.Pointer(file))
	var text *C.char
	if err := takeError(C.demote_open(file, &text)); err != nil {
		return "", fmt.Errorf("cannot open ONNX Runtime: %w", err)
	}
	return C.GoString(text), nil
}

// Version returns the version of the open library, such as "1.26.0", and "" before Init.
func Version() string {
	library.Lock()
	defer library.Unlock()
	return library.version
}

// Path returns the absolute path of the open library, and "" before Init.
func Path() string {
	library.Lock()
	defer library.Unlock()
	return library.path
}

// takeError turns an error text of C into an error and frees it; nil for null.
func takeError(text *C.char) error {
	if text == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(text))
	return errors.New(C.GoString(text))
}
