package run

import (
	"example.org/demote/config"
	"example.org/demote/internal/bench"
	"example.org/demote/internal/holdout"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/written"
)

// A Config says what a command is about, see config.Config.
type Config = config.Config

// DefaultConfig is the configuration of a command without flags, its defaults filled in.
func DefaultConfig() Config { return config.DefaultConfig() }

// RepairNames lists the repairs of --repair, see config.RepairNames.
func RepairNames() []string { return config.RepairNames() }

// FormatNames lists the names of the formats that a mix can be written in, see onnx.Formats.
func FormatNames() []string { return config.FormatNames() }

// A Wording has the names of the widths for texts.
type Wording = config.Wording

// A Result is what result.json holds; its config is what the command line said, defaults filled in.
type Result = config.Result

// A Stage is a part of the work before the first trial, as it stands.
type Stage = stage.Stage

// ErrUnpromised says that no mix can be promised with the confidence asked for.
var ErrUnpromised = holdout.ErrUnpromised

// ErrExport says that the written file does not score what the search said.
var ErrExport = written.ErrExport

// A Bench is what the command bench has measured.
type Bench = bench.Report

// BenchOptions say what it measures.
type BenchOptions = bench.Options

// A BenchSearch is a whole search in it.
type BenchSearch = bench.Search
