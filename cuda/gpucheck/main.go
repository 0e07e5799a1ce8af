//go:build cuda

package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"example.org/demote/cuda"
)

// Exit codes: 1 a check failed, 2 the device cannot be used or the command is wrong.
const (
	exitFailed = 1
	exitUser   = 2
)

func main() {
	ordinal := flag.Int("device", 0, "number of the GPU")
	stride := flag.Int("stride", 4099, "compare every STRIDEth float32 with package quant; 1 compares all of them")
	out := flag.String("out", ".", "folder for gpu-report.txt and gpu-report.json")
	ask := flag.Bool("ask", false, "only say whether the GPU can be used")
	bench := flag.String("bench", "", "file with the output of demote bench --json to take into the report")
	tests := flag.String("tests", "", "file with the output of go test -json to take into the report")
	flag.Parse()
	if flag.NArg() > 0 || *stride < 1 {
		flag.Usage()
		os.Exit(exitUser)
	}
	if *ask {
		if err := usable(*ordinal); err != nil {
			fmt.Fprintln(os.Stderr, "gpucheck:", err)
			os.Exit(exitUser)
		}
		return
	}
	r := &Report{Time: time.Now().UTC(), Driver: cuda.DriverVersion()}
	if err := examine(r, *ordinal, uint64(*stride)); err != nil {
		fmt.Fprintln(os.Stderr, "gpucheck:", err)
		os.Exit(exitUser)
	}
	for _, part := range []struct {
		file    string
		include func(*Report, string) error
	}{{*tests, includeTests}, {*bench, includeBench}} {
		if part.file == "" {
			continue
		}
		if err := part.include(r, part.file); err != nil {
			fmt.Fprintln(os.Stderr, "gpucheck:", err)
			os.Exit(exitUser)
		}
	}
	if err := r.write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gpucheck:", err)
		os.Exit(exitUser)
	}
	r.text(os.Stdout)
	if r.failed() > 0 {
		os.Exit(exitFailed)
	}
}

// usable opens the GPU and closes it again.
func usable(ordinal int) error {
	w, err := cuda.Open(ordinal)
	if err != nil {
		return err
	}
	fmt.Printf("gpucheck: GPU %d is %s\n", ordinal, w.Info().Name)
	return w.Close()
}

// examine opens the GPU and goes through all checks. An error means that they could not be made.
func examine(r *Report, ordinal int, stride uint64) error {
	start := time.Now()
	w, err := cuda.Open(ordinal)
	if err != nil {
		return err
	}
	r.Device, r.Emulated = w.Info(), w.Info().Emulated
	r.measure("how long does opening the device take, the driver's compiler included (cached by the driver after the first time)",
		time.Since(start).Seconds(), "s")
	err = w.Do(func(d *cuda.Device) error {
		var err error
		if r.Kernels, err = d.KernelInfos(); err != nil {
			return err
		}
		s, err := d.NewStream()
		if err != nil {
			return err
		}
		defer s.Close()
		for _, check := range []func(*Report, *cuda.Device, *cuda.Stream) error{spills, ordering, speed} {
			if err := check(r, d, s); err != nil {
				return err
			}
		}
		return arithmetic(r, d, s, stride)
	})
	if closing := w.Close(); err == nil {
		err = closing
	}
	return err
}
