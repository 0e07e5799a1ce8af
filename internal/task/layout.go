package task

import (
	"example.org/demote/internal/constraint"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// Units are what a search decides about: every holder that may be demoted, where nothing else was arranged.
func (p *Task) Units() [][]int {
	if p.Layout.Pinned.Len() == 0 {
		var err error
		if p.Layout, err = (constraint.Rules{}).Arrange(p.Network, p.Order); err != nil {
			panic("run: no rules contradict each other: " + err.Error())
		}
	}
	return p.Layout.Units
}

// LowMask is the mask with every holder demoted that may be.
func LowMask(holders []onnx.Holder) search.Mask {
	m := search.NewMask(len(holders))
	for i, h := range holders {
		if !h.Fixed {
			m.Demote(i)
		}
	}
	return m
}

// warnings gives texts that need no cure the same id.
func warnings(id string, texts []string) []result.Warning {
	var list []result.Warning
	for _, text := range texts {
		list = append(list, result.Warning{ID: id, Text: mistake.Text(text)})
	}
	return list
}
