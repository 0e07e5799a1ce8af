package run

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/sandbox"
	"example.org/demote/internal/tasktest"
	"golang.org/x/sys/unix"
)

// TestMain opens ONNX Runtime once. With DEMOTE_TEST_SEARCH set the test binary is a program that
// runs one search, so that tests can kill it.
func TestMain(m *testing.M) {
	if code, child := Child(os.Args); child {
		os.Exit(code)
	}
	sandbox.TryHere = false // but for the tests of it
	if text := os.Getenv("DEMOTE_TEST_SEARCH"); text != "" {
		tasktest.OpenRuntime()
		os.Exit(childSearch(text))
	}
	tasktest.Main(m)
}

// childSearch runs a search, with as much memory as DEMOTE_TEST_MEMORY says, in bytes.
func childSearch(text string) int {
	if bytes, err := strconv.ParseUint(os.Getenv("DEMOTE_TEST_MEMORY"), 10, 63); err == nil {
		if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}); err != nil {
			panic(err)
		}
	}
	var c config.Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	_, err := Search(context.Background(), c)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return ExitCode(err)
}
