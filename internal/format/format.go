// Package format says what a kind of file of quantized networks is: how it is recognized, read and written.
package format

import (
	"path/filepath"
	"slices"
	"strings"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// A Format is a kind of file. A function is nil if the format cannot do that.
type Format struct {
	Name string   // as flags have it, such as qdq
	File string   // its name in a run folder
	Does string   // what the files are, for help
	Ends []string // of the file's name

	Runs  bool // ONNX Runtime runs the file: it is held against the search
	Float bool // the float network that the file speaks of is written beside it

	Detect  func(*ir.Model) bool // reports whether a file is of this format; nil: only flags name the format
	Read    func(*ir.Model, quant.Formula) (*network.Network, []quant.Grid, error)
	Foreign bool          // ONNX Runtime does not know its quantizers: what Read makes of the file is run in its place
	Formula quant.Formula // that such files compute; empty: any

	Write func(Mix) (Written, error)
}

// A Mix is a network with a width a holder, which is to be written.
type Mix struct {
	Network *network.Network // whose constants are those of the mix
	Records []quant.Record   // by holder
	Low     []bool           // by holder
	High    []string         // names of the holders that stay at the high width, in the order of the result
	Path    string           // of the file
	// Pair reads the two files that the network is joined of; nil: it is of one, or its constants follow the mix.
	Pair func() (low, high *ir.Model, err error)
}

// Written is what a file will hold, a network or text, and what the user should know of it.
type Written struct {
	Model   *ir.Model
	Text    []byte
	Inexact []string // holders whose very grid the format cannot hold
}

// Files are the paths that a format writes, the one asked for first. The path must end as such files do, since what
// reads them goes by that.
func (f Format) Files(path string) ([]string, error) {
	if !slices.Contains(f.Ends, filepath.Ext(path)) {
		return nil, mistake.Errorf("--out %s: a file of format %s ends in %s", path, f.Name, strings.Join(f.Ends, " or "))
	}
	if !f.Float {
		return []string{path}, nil
	}
	return []string{path, strings.TrimSuffix(path, filepath.Ext(path)) + ".onnx"}, nil
}

// Of is the format of a file among those of a list that files are recognized by; false: it is of none.
func Of(list []Format, m *ir.Model) (Format, bool) {
	for _, f := range list {
		if f.Detect != nil && f.Detect(m) {
			return f, true
		}
	}
	return Format{}, false
}
