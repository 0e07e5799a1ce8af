package question

import (
	"fmt"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/task"
	"example.org/demote/result"
)

// questionOneHot warns of a class for each step of sequences that looks like one-hot labels, of as many classes as
// there are steps and as the output may have.
func questionOneHot(p *task.Task, c config.Config) []result.Warning {
	labels, dims := p.Data.Pixels(), p.Data.LabelDims()
	if len(p.Model.States) == 0 || task.LabelKind(c) != dataset.Classes || labels == nil || len(dims) != 1 {
		return nil
	}
	steps := int(dims[0])
	for _, v := range p.Model.Outputs() { // of another number of classes they are not one-hot
		if last := len(v.Dims) - 1; v.Name == p.Output && last >= 0 && v.Dims[last] >= 0 && v.Dims[last] != int64(steps) {
			return nil
		}
	}
	for first := 0; first < len(labels); first += steps {
		ones := 0
		for _, l := range labels[first : first+steps] {
			if l != 0 && l != 1 {
				return nil
			}
			ones += int(l)
		}
		if ones != 1 {
			return nil
		}
	}
	return []result.Warning{{ID: "labels-one-hot", Text: fmt.Sprintf("the labels of every sample are a single 1 and else 0, as one-hot labels are, and are read as a class for each of its %d steps", steps),
		Cure: "if they are one-hot, save class numbers, y.argmax(axis=1)"}}
}
