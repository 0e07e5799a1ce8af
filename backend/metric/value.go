package metric

import "math"

// labelSquares is the mean squared error of one row against its labels, negated.
func labelSquares(row []float32, s Sample) float64 {
	sum := 0.0
	for i, v := range row {
		d := float64(v) - float64(s.Values[i])
		sum += float64(d * d)
	}
	return 0 - sum/float64(len(row))
}

// labelDistance is the mean absolute error of one row against its labels, negated.
func labelDistance(row []float32, s Sample) float64 {
	sum := 0.0
	for i, v := range row {
		sum += math.Abs(float64(v) - float64(s.Values[i]))
	}
	return 0 - sum/float64(len(row))
}
