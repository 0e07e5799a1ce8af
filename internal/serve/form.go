package serve

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Protocol is the version of the protocol that this package speaks.
const Protocol = 1

// Variable is the environment variable by which a program knows that it is to serve; its value is Protocol.
const Variable = "DEMOTE_METRIC_SERVER"

// Judges is what a server makes of outputs.
type Judges string

const (
	// Whole: one number of the outputs of all samples.
	Whole Judges = "whole"
	// Hits: 0 or 1 for each sample; the score is their count.
	Hits Judges = "hits"
	// Values: a number for each sample between bounds; the score is their mean.
	Values Judges = "values"
)

// A Form is what a server says of itself.
type Form struct {
	Judges    Judges
	Low, High float64 // of Values: the least and the most that a sample can have; infinite where it is not known
}

// formOf reads what a server says first.
func formOf(body []byte) (f Form, err error) {
	var said struct {
		Protocol  int    `json:"protocol"`
		Judges    Judges `json:"judges"`
		Low, High *float64
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return f, fmt.Errorf("it introduces itself by no JSON object: %w", err)
	}
	f = Form{Judges: said.Judges, Low: math.Inf(-1), High: math.Inf(1)}
	if said.Low != nil {
		f.Low = *said.Low
	}
	if said.High != nil {
		f.High = *said.High
	}
	switch {
	case said.Protocol != Protocol:
		return f, fmt.Errorf("it speaks version %d of the protocol, and this program version %d: take the demote_metric.py of this program", said.Protocol, Protocol)
	case f.Judges != Whole && f.Judges != Hits && f.Judges != Values:
		return f, fmt.Errorf("it says that it judges %q: whole, hits or values are known", f.Judges)
	case !(f.Low < f.High):
		return f, fmt.Errorf("its values lie between %v and %v: give the lower bound first", f.Low, f.High)
	}
	return f, nil
}

// check refuses values of some samples that the form does not allow. numbers are those of all samples in their file.
func (f Form) check(list []float64, numbers, samples []int) error {
	for i, v := range list {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return fmt.Errorf("it answers %v for sample %d: give a finite number", v, numbers[samples[i]])
		case f.Judges == Hits && v != 0 && v != 1:
			return fmt.Errorf("it answers %v for sample %d: a hit is 0 or 1", v, numbers[samples[i]])
		case f.Judges == Values && !(v >= f.Low && v <= f.High):
			return fmt.Errorf("it answers %s for sample %d, and says that values lie between %v and %v", strconv.FormatFloat(v, 'g', -1, 64), numbers[samples[i]], f.Low, f.High)
		}
	}
	return nil
}
