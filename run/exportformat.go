package run

import (
	"strings"

	"example.org/demote/engine"
	"example.org/demote/internal/format"
	"example.org/demote/internal/pair"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// FormatNames lists the names of the formats that a mix can be written in, see onnx.Formats.
func FormatNames() []string {
	var names []string
	for _, f := range onnx.Formats() {
		names = append(names, f.Name)
	}
	return names
}

func formatByName(flag, name string) (onnx.Format, error) {
	for _, f := range onnx.Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return onnx.Format{}, mistake.Errorf("%s %s: choose one of %s", flag, name, strings.Join(FormatNames(), ", "))
}

// mix is what is written of a mask to a path.
func (s *searching) mix(mask search.Mask, path string) format.Mix {
	low := engine.Low(mask)
	m := format.Mix{Network: pair.Chosen(s.network, low), Records: s.records, Low: low, High: s.result.Promotion, Path: path}
	if s.config.Low != "" && len(s.network.Followed) == 0 {
		m.Pair = func() (low, high *onnx.Model, err error) {
			low, err = s.config.readNetwork(s.config.Low)
			return low, s.model, err
		}
	}
	return m
}

// exportFiles are the files that a search or an export may have written into a run folder.
func exportFiles() (names []string) {
	for _, f := range onnx.Formats() {
		files, _ := f.Files(f.File)
		names = append(names, files...)
	}
	return names
}
