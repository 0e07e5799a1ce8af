package run

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"example.org/demote/internal/aimet"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/mctq"
	"example.org/demote/internal/pair"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// A Format is a kind of file that a mix can be written as.
type Format struct {
	Name string // as --format and --export have it
	File string // its name in the run folder
	Does string // for a person

	ends  []string // of the file's name
	runs  bool     // ONNX Runtime runs the file, so it is held against the search
	float bool     // the float network that the file speaks of is written beside it
	build func(s *searching, low []bool, path string) (written, error)
}

// written is what a file will hold, a network or text, and what a person should know of it.
type written struct {
	model   *onnx.Model
	text    []byte
	inexact []string // holders whose very grid the format cannot hold
}

var formats = []Format{
	{Name: "qdq", File: journal.MixedFile, Does: "QuantizeLinear and DequantizeLinear at opset 21", ends: []string{".onnx"}, runs: true,
		build: func(s *searching, low []bool, _ string) (w written, err error) {
			w.model, err = onnx.QDQ(pair.Chosen(s.network, low), s.records, low)
			return w, err
		}},
	{Name: "qdq-ms", File: "mixed-ms.onnx", Does: "the same by com.microsoft's operators, at the network's own opset", ends: []string{".onnx"}, runs: true,
		build: func(s *searching, low []bool, _ string) (w written, err error) {
			w.model, err = onnx.QDQMicrosoft(pair.Chosen(s.network, low), s.records, low)
			return w, err
		}},
	{Name: "mctq", File: "annotated.onnx", Does: "the quantizers of Sony's toolkit at opset 17", ends: []string{".onnx"}, build: (*searching).annotated},
	{Name: "promotion", File: "promotion.json", Does: "the int16 holders, as .txt or .json", ends: []string{".json", ".txt"}, build: (*searching).promotion},
	{Name: "overrides", File: "overrides.json", Does: "TensorQuantOverrides of ONNX Runtime's quantize_static", ends: []string{".json"}, float: true,
		build: func(s *searching, low []bool, _ string) (w written, err error) {
			w.text, err = aimet.Overrides(pair.Chosen(s.network, low), s.records, low)
			return w, err
		}},
	{Name: "encodings", File: "encodings.json", Does: "AIMET encodings 1.0.0", ends: []string{".json", ".encodings"}, float: true,
		build: func(s *searching, low []bool, _ string) (w written, err error) {
			w.text, err = aimet.Write(pair.Chosen(s.network, low), s.records, low, "1.0.0")
			return w, err
		}},
	{Name: "encodings-0.6.1", File: "encodings-0.6.1.json", Does: "AIMET encodings 0.6.1", ends: []string{".json", ".encodings"}, float: true,
		build: func(s *searching, low []bool, _ string) (w written, err error) {
			w.text, err = aimet.Write(pair.Chosen(s.network, low), s.records, low, "0.6.1")
			return w, err
		}},
}

// Formats lists the kinds of files that a mix can be written as.
func Formats() []Format { return slices.Clone(formats) }

// FormatNames lists the names of Formats.
func FormatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return names
}

func formatByName(flag, name string) (Format, error) {
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, mistake.Errorf("%s %s: choose one of %s", flag, name, strings.Join(FormatNames(), ", "))
}

// files are the paths that a format writes, the one asked for first. The path must end as such files
// do, since what reads them goes by that.
func (f Format) files(path string) ([]string, error) {
	if !slices.Contains(f.ends, filepath.Ext(path)) {
		return nil, mistake.Errorf("--out %s: a file of format %s ends in %s", path, f.Name, strings.Join(f.ends, " or "))
	}
	if !f.float {
		return []string{path}, nil
	}
	return []string{path, strings.TrimSuffix(path, filepath.Ext(path)) + ".onnx"}, nil
}

// annotated is the network with the toolkit's quantizers. Of a pair by the toolkit it is the 16-bit
// file itself, with the 8-bit file's quantizers where the mix is low; but not where weights follow
// the mix, since that file has no others.
func (s *searching) annotated(low []bool, _ string) (w written, err error) {
	if s.config.Low != "" && s.model.IsMCTQ() && len(s.network.Followed) == 0 {
		file, err := s.config.readNetwork(s.config.Low)
		if err != nil {
			return w, err
		}
		if file.IsMCTQ() {
			var demoted []string
			for i, h := range s.network.Holders {
				if low[i] {
					demoted = append(demoted, h.Name)
				}
			}
			w.model, err = mctq.Mixed(file, s.model, demoted)
			return w, err
		}
	}
	w.model, w.inexact, err = onnx.MCTQ(pair.Chosen(s.network, low), s.records, low)
	return w, err
}

// promotion is the list of the holders that stay at int16, in the order of the result: a line each, or
// a JSON array of strings.
func (s *searching) promotion(_ []bool, path string) (w written, err error) {
	if filepath.Ext(path) == ".txt" {
		w.text = constraint.Lines(s.result.Promotion)
		return w, nil
	}
	w.text, err = json.MarshalIndent(append([]string{}, s.result.Promotion...), "", "  ")
	w.text = append(w.text, '\n')
	return w, err
}

// exportFiles are the files that a search or an export may have written into a run folder.
func exportFiles() (names []string) {
	for _, format := range formats {
		files, _ := format.files(format.File)
		names = append(names, files...)
	}
	return names
}
