package run

import (
	"fmt"
	"math"
	"strings"
	"time"

	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/result"
)

const (
	farShare  = 0.01 // of an input's values far outside its calibrated range
	copyShare = 0.01 // of samples that are copies, beyond what the data has by itself
	fewElems  = 32   // numbers of a sample below which copies come by themselves,
	fewShare  = 0.25 // up to this share
	narrow    = 16   // times that the calibrated range is as wide as the data's
	nameTable = 12   // classes that the terminal lists
)

// scanCalibration remembers what the calibration samples are like.
func (p *prepared) scanCalibration(calib *dataset.Set) error {
	begun := time.Now()
	inputs, err := blocks.Inputs(p.floatModel, calib, p.block)
	if err == nil {
		p.calibScan, err = scanSamples(calib, inputs, nil)
	}
	p.scanTime = time.Since(begun).Seconds()
	return err
}

// questionData asks of the samples: values beyond the calibrated range, copies, and calibration samples among them.
func (s *questions) questionData() error {
	var err error
	if s.dataScan, err = scanSamples(s.data, s.inputs, s.calibScan); err != nil {
		return err
	}
	for _, w := range s.questionCopies() {
		s.warned(w)
	}
	if s.calibScan == nil {
		return nil
	}
	for i, in := range s.inputs {
		if s.dataScan.low[i] > s.dataScan.high[i] || s.calibScan.low[i] > s.calibScan.high[i] {
			continue
		}
		r := result.InputRange{Input: in.Name, Calib: &result.Range{Min: s.calibScan.low[i], Max: s.calibScan.high[i]}, Data: &result.Range{Min: s.dataScan.low[i], Max: s.dataScan.high[i]},
			Outside: float64(s.dataScan.beyond[i]) / float64(max(1, s.dataScan.values[i]))}
		s.Ranges = append(s.Ranges, r)
		if w, odd := question(r, float64(s.dataScan.far[i])/float64(max(1, s.dataScan.values[i]))); odd {
			s.warned(w)
		}
	}
	return nil
}

// question says whether data and calibration are of another kind; far is the share of values far outside.
func question(r result.InputRange, far float64) (result.Warning, bool) {
	const cure = "give --calib and --data samples that are scaled alike; --scale, --mean and --std apply to both"
	calib, data := max(math.Abs(r.Calib.Min), math.Abs(r.Calib.Max)), max(math.Abs(r.Data.Min), math.Abs(r.Data.Max))
	ranges := fmt.Sprintf("%.4g to %.4g in the calibration, %.4g to %.4g in the data", r.Calib.Min, r.Calib.Max, r.Data.Min, r.Data.Max)
	switch {
	case far > farShare:
		return result.Warning{ID: "outside-calibration", Text: fmt.Sprintf("%.3g %% of the evaluation values of input %s lie outside its calibrated range: %s", 100*r.Outside, r.Input, ranges), Cure: cure}, true
	case calib > narrow*data:
		return result.Warning{ID: "calibration-too-wide", Text: fmt.Sprintf("the evaluation values of input %s use a small part of its calibrated range: %s", r.Input, ranges), Cure: cure}, true
	}
	return result.Warning{}, false
}

// questionCopies counts the copies in the data, and the calibration samples among it.
func (s *questions) questionCopies() (list []result.Warning) {
	seen := make(map[uint64]int, len(s.dataScan.sums))
	other := 0
	labels := s.data.Labels()
	for i, sum := range s.dataScan.sums {
		first, copied := seen[sum]
		if !copied {
			seen[sum] = i
			continue
		}
		s.Duplicates++
		if labels != nil && labels[i] != labels[first] {
			other++
		}
	}
	usual, n := copyShare, len(s.dataScan.sums)
	if s.dataScan.elems < fewElems {
		usual = fewShare
	}
	if own := float64(s.Duplicates) / float64(n); s.Duplicates > 1 && own > usual {
		text := fmt.Sprintf("%d of the %d samples of %s are copies of others", s.Duplicates, n, s.config.Data)
		if other > 0 {
			text += fmt.Sprintf(", %d with another label", other)
		}
		list = append(list, result.Warning{ID: "duplicate-samples", Text: text, Cure: "give --data every sample once: numpy.unique(x, axis=0, return_index=True) finds them"})
	}
	if s.calibScan == nil {
		return list
	}
	for _, sum := range s.calibScan.sums {
		if _, shared := seen[sum]; shared {
			s.InCalib++
		}
	}
	if share := float64(s.InCalib) / float64(max(1, len(s.calibScan.sums))); s.InCalib > 1 && share > usual+2*float64(s.Duplicates)/float64(n) {
		list = append(list, result.Warning{ID: "calibration-in-data", Text: fmt.Sprintf("%d of the %d samples of %s are in %s too: the ranges know the very samples that the mix is judged by", s.InCalib, len(s.calibScan.sums), s.config.Calib, s.config.Data),
			Cure: "give --calib other samples, such as some of the training data"})
	}
	return list
}

// sayClasses prints which sub-folder of a folder of images is which class.
func (s *questions) sayClasses() {
	count := map[int64]int{}
	for _, l := range s.data.Labels() {
		count[l]++
	}
	var names []string
	for _, c := range s.data.Classes() {
		s.Questions.Classes = append(s.Questions.Classes, result.ClassName{Label: c.Label, Name: c.Name, Samples: count[c.Label]})
		names = append(names, fmt.Sprintf("%d %s", c.Label, c.Name))
	}
	if len(names) == 0 {
		return
	}
	more := ""
	if len(names) > nameTable {
		more = fmt.Sprintf(", ... %s (result.json has all %d)", names[len(names)-1], len(names))
		names = names[:nameTable]
	}
	s.config.Say("classes by sub-folder: " + strings.Join(names, ", ") + more)
}
