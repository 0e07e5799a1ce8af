package metric

import "example.org/demote/mistake"

// A Spec is a metric in words, for who judges elsewhere.
type Spec struct {
	Name    string
	Options LabelOptions
}

// Spec is the metric in words. ok is false where words do not do, or more is wanted than what single samples gain or
// outcomes that add up: of metrics of the whole set, of boxes, from outside, and of several outputs.
func (m *Metric) Spec() (s Spec, ok bool) {
	return Spec{m.Name, m.options}, m.whole == nil && (m.folds == nil || m.adds != nil) && !m.custom && m.served == nil && !m.several
}

// BySample says whether gains, outcomes and the check of the labels compare samples with their own truth alone: not so
// where they go by the range of all labels. Margins may go by Truth.Labelled, too.
func (m *Metric) BySample() bool { return m.Name != "ssim" && m.Name != "psnr" }

// OfSpec is the metric of a spec.
func OfSpec(s Spec) (*Metric, error) {
	m, err := ByName(s.Name)
	if err != nil {
		return nil, err
	}
	if _, ok := m.Spec(); !ok {
		return nil, mistake.Errorf("metric %s is not of single samples", s.Name)
	}
	return m.With(s.Options)
}
