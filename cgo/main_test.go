package cgo_test

import (
	"fmt"
	"os"
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
)

func TestMain(m *testing.M) {
	path, ok := orttest.Find()
	if !ok {
		fmt.Println("no ONNX Runtime library: run `make setup`, or let DEMOTE_ORT name the file")
		os.Exit(1)
	}
	if os.Getenv(unopenedEnv) != "" {
		os.Exit(leakUnopened())
	}
	if err := cgo.Init(path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ONNX Runtime", cgo.Version(), path)
	code := m.Run()
	if n := cgo.Live(); n != 0 && code == 0 {
		fmt.Println(n, "handles were not closed")
		code = 1
	}
	os.Exit(code)
}
