package devicetest

import "example.org/demote/backend/device"

// EachStep implements device.Lane.
func (l *referenceLane) EachStep(told func(step int, lost []string) error) bool {
	return l.steps != nil && l.steps.Tell(told)
}

// referenceSteps runs samples of several steps.
type referenceSteps struct {
	*device.Sequence
	lane *referenceLane
	data [][]float32 // by input: of the block at hand, all steps
	kept []float32
}

// Take implements device.StepMemory.
func (q *referenceSteps) Take(input, step int) error {
	in := q.Inputs[input]
	n := in.Elems()
	if in.Steps <= 1 {
		step = 0
	}
	q.lane.values[in.Name] = q.data[input][step*n : (step+1)*n]
	return nil
}

// Hand implements device.StepMemory.
func (q *referenceSteps) Hand(output string, input int) error {
	q.lane.values[q.Inputs[input].Name] = q.lane.values[output]
	return nil
}

// Keep implements device.StepMemory.
func (q *referenceSteps) Keep(step int) error {
	if q.kept == nil {
		q.kept = make([]float32, q.Steps*q.Made)
	}
	q.Place(q.kept, q.lane.values[q.Output], step)
	return nil
}
