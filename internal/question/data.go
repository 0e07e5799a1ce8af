package question

import (
	"fmt"
	"math"
	"strings"

	"example.org/demote/internal/scan"
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

// questionData asks of the samples: values beyond the calibrated range, copies, and calibration samples among them.
func (s *Questions) questionData() error {
	var err error
	if s.DataScan, err = scan.Samples(s.Data, s.Inputs, s.CalibScan); err != nil {
		return err
	}
	for _, w := range s.questionCopies() {
		s.Warned(w)
	}
	if s.CalibScan == nil {
		return nil
	}
	for i, in := range s.Inputs {
		if s.DataScan.Low[i] > s.DataScan.High[i] || s.CalibScan.Low[i] > s.CalibScan.High[i] {
			continue
		}
		r := result.InputRange{Input: in.Name, Calib: &result.Range{Min: s.CalibScan.Low[i], Max: s.CalibScan.High[i]}, Data: &result.Range{Min: s.DataScan.Low[i], Max: s.DataScan.High[i]},
			Outside: float64(s.DataScan.Beyond[i]) / float64(max(1, s.DataScan.Values[i]))}
		s.Ranges = append(s.Ranges, r)
		if w, odd := questionRange(r, float64(s.DataScan.Far[i])/float64(max(1, s.DataScan.Values[i]))); odd {
			s.Warned(w)
		}
	}
	return nil
}

// questionRange says whether data and calibration are of another kind; far is the share of values far outside.
func questionRange(r result.InputRange, far float64) (result.Warning, bool) {
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
func (s *Questions) questionCopies() (list []result.Warning) {
	seen := make(map[uint64]int, len(s.DataScan.Sums))
	other := 0
	labels := s.Data.Labels()
	for i, sum := range s.DataScan.Sums {
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
	usual, n := copyShare, len(s.DataScan.Sums)
	if s.DataScan.Elems < fewElems {
		usual = fewShare
	}
	if own := float64(s.Duplicates) / float64(n); s.Duplicates > 1 && own > usual {
		text := fmt.Sprintf("%d of the %d samples of %s are copies of others", s.Duplicates, n, s.Config.Data)
		if other > 0 {
			text += fmt.Sprintf(", %d with another label", other)
		}
		list = append(list, result.Warning{ID: "duplicate-samples", Text: text, Cure: "give --data every sample once: numpy.unique(x, axis=0, return_index=True) finds them"})
	}
	if s.CalibScan == nil {
		return list
	}
	for _, sum := range s.CalibScan.Sums {
		if _, shared := seen[sum]; shared {
			s.InCalib++
		}
	}
	if share := float64(s.InCalib) / float64(max(1, len(s.CalibScan.Sums))); s.InCalib > 1 && share > usual+2*float64(s.Duplicates)/float64(n) {
		list = append(list, result.Warning{ID: "calibration-in-data", Text: fmt.Sprintf("%d of the %d samples of %s are in %s too: the ranges know the very samples that the mix is judged by", s.InCalib, len(s.CalibScan.Sums), s.Config.Calib, s.Config.Data),
			Cure: "give --calib other samples, such as some of the training data"})
	}
	return list
}

// sayClasses prints which sub-folder of a folder of images is which class.
func (s *Questions) sayClasses() {
	count := map[int64]int{}
	for _, l := range s.Data.Labels() {
		count[l]++
	}
	var names []string
	for _, c := range s.Data.Classes() {
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
	s.Config.Say("classes by sub-folder: " + strings.Join(names, ", ") + more)
}
