//go:build cuda

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// includeBench adds what `demote bench --json` wrote: the whole of it, and its figures as answers.
func includeBench(r *Report, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var b struct {
		Device        string
		Holders       int
		Samples       int
		Block         int
		Trial         struct{ Median float64 } `json:"evaluation_r"`
		TrialsPerSec  float64                  `json:"evaluations_per_s"`
		SamplesPerSec float64                  `json:"samples_per_s"`
		FakeQuant     float64                  `json:"fakequant_share"`
		Moved         struct {
			UpBytes     int64 `json:"up_bytes"`
			DownBytes   int64 `json:"down_bytes"`
			Allocations int64
		} `json:"moved_per_evaluation"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return fmt.Errorf("%s is not what demote bench --json writes: did it fail? %w", path, err)
	}
	r.Bench = data
	if strings.Contains(b.Device, "EMULATED") != r.Emulated {
		return fmt.Errorf("%s was measured on %q, not on this device", path, b.Device)
	}
	r.measure("full evaluations", b.TrialsPerSec, "evaluations/s")
	r.measure("full evaluations", b.SamplesPerSec, "samples/s")
	compareModel(r, b.TrialsPerSec, b.Samples, b.Block)
	r.measure("a full evaluation against bare ONNX Runtime on the float network", b.Trial.Median, "of its time")
	r.measure("share of a full evaluation that is not the float network's: FakeQuant", 100*b.FakeQuant, "%")
	up, down := int64((b.Holders+7)/8), int64((b.Samples+7)/8)
	r.add("does a full evaluation move the mask up and a bit a sample down, and allocate nothing", b.Moved.UpBytes == up && b.Moved.DownBytes <= down+32 && b.Moved.Allocations == 0,
		"%d bytes up for %d holders, %d bytes down for %d samples, %d allocations", b.Moved.UpBytes, b.Holders, b.Moved.DownBytes, b.Samples, b.Moved.Allocations)
	return nil
}
