package task

import "context"

// Handed is how many bytes a metric command gets for the score of all samples: of the outputs, as float32, and of the
// labels.
func (p *Task) Handed(ctx context.Context) (outputs, labels int64, err error) {
	for _, q := range p.Members() {
		known, err := q.Measured(ctx)
		if err != nil {
			return 0, 0, err
		}
		for _, name := range p.Outputs() {
			values := int64(1)
			for _, d := range known.At(name, q.Block) {
				values *= d
			}
			outputs += 4 * values / int64(q.Block) * int64(q.Data.Len()*max(1, q.Steps()))
		}
	}
	for _, a := range p.Data.Own() {
		labels += int64(len(a.Data) + 8*len(a.Offsets))
	}
	return outputs, labels, nil
}
