package cgo

/*
#include "bridge.h"
*/
import "C"

import (
	"fmt"
	"reflect"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"
)

// checkLayout reports whether yalue/onnxruntime_go still keeps its C pointers where sessionOf and optionsOf look for
// them: in the first word of the struct.
func checkLayout() error {
	for _, c := range []struct {
		of    reflect.Type
		field string
		to    reflect.Kind // what the field points to
	}{
		{reflect.TypeFor[ort.DynamicAdvancedSession](), "s", reflect.Struct},
		{reflect.TypeFor[ort.DynamicAdvancedSession]().Field(0).Type.Elem(), "ortSession", reflect.Struct},
		{reflect.TypeFor[ort.SessionOptions](), "o", reflect.Struct},
	} {
		if err := checkFirstField(c.of, c.field, c.to); err != nil {
			return fmt.Errorf("cgo: this version of yalue/onnxruntime_go cannot be used: %w", err)
		}
	}
	return nil
}

func checkFirstField(t reflect.Type, name string, to reflect.Kind) error {
	if t.Kind() != reflect.Struct || t.NumField() == 0 {
		return fmt.Errorf("%s is no struct with fields", t)
	}
	f := t.Field(0)
	if f.Name != name || f.Offset != 0 || f.Type.Kind() != reflect.Pointer || f.Type.Elem().Kind() != to {
		return fmt.Errorf("%s begins with %s %s, not with the pointer %s", t, f.Name, f.Type, name)
	}
	return nil
}

// sessionOf returns the C session inside a yalue session; null once that is destroyed, and for nil.
func sessionOf(s *ort.DynamicAdvancedSession) *C.OrtSession {
	if s == nil {
		return nil
	}
	inner := *(**unsafe.Pointer)(unsafe.Pointer(s))
	return (*C.OrtSession)(*inner)
}

// optionsOf returns the C options inside yalue's.
func optionsOf(o *ort.SessionOptions) *C.OrtSessionOptions {
	return (*C.OrtSessionOptions)(*(*unsafe.Pointer)(unsafe.Pointer(o)))
}

// RegisterFakeQuant makes the operator FakeQuant of the domain "demote" known to sessions made with these options.
func RegisterFakeQuant(o *ort.SessionOptions) error {
	if Version() == "" {
		return errNotOpen
	}
	if err := checkLayout(); err != nil {
		return err
	}
	return takeError(C.demote_register(optionsOf(o)))
}
