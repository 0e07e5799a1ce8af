package run

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
	"example.org/demote/result"
)

// TestSmallFilesAreRegular holds that pipes, devices and folders in the places of a run's small files are refused at
// once.
func TestSmallFilesAreRegular(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.csv")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(run, result.File), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link, dir + "/run"} {
		for name, read := range map[string]func() error{
			"profile": func() error { _, err := constraint.Parse(nil, nil, path, constraint.WordsOf(nil)); return err },
			"cost": func() error {
				return config.Config{Cost: path}.CheckCost()
			},
			"hash": func() error { _, err := journal.HashFile("data", path); return err },
			"start": func() error {
				_, err := (newSearch(&trial.Runner{Task: &task.Task{}, Config: config.Config{Start: path}})).startMask()
				return err
			},
			"result":  func() error { _, err := ReadResult(run); return err },
			"runtime": func() error { _, _, err := OpenRuntime(path); return err },
		} {
			done := make(chan error, 1)
			go func() { done <- read() }()
			select {
			case err := <-done:
				if !errors.Is(err, mistake.Err) {
					t.Errorf("%s as %s: %v", path, name, err)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s as %s: reading it waits", path, name)
			}
		}
	}
}

// TestResultsThatGrow gives results whose bytes become many times as much.
func TestResultsThatGrow(t *testing.T) {
	for name, text := range map[string]string{
		"objects": `{"holders":[` + strings.Repeat("{},", 2<<20) + `{}]}`,
		"lists":   `{"unknown":[` + strings.Repeat("[],", 2<<20) + `[]]}`,
		"depth":   `{"unknown":` + strings.Repeat("[", 2<<20),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, result.File), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadResult(dir)
		if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, result.File)
	if err := os.WriteFile(path, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil { // a TiB that takes no room
		t.Fatal(err)
	}
	if _, err := ReadResult(dir); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}
