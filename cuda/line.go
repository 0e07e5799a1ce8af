//go:build cuda

package cuda

// Line is x*Slope + Offset between Low and High, of which FrontLine makes a HardSigmoid or a HardSwish. Factor is 1
// where there is none.
type Line struct{ Slope, Offset, Low, High, Factor float32 }

// Of is what a launch with FrontLine makes of a value, bit for bit: each step is rounded to float32. NaN stays NaN.
func (l Line) Of(does int, x float32) float32 {
	line := float32(x*l.Slope) + l.Offset
	if line < l.Low {
		line = l.Low
	}
	if line > l.High {
		line = l.High
	}
	scaled := func(v float32) float32 {
		if does&FrontDivides != 0 {
			return v / l.Factor
		}
		return v * l.Factor
	}
	switch {
	case does&FrontTimes == 0:
		return scaled(line)
	case does&FrontOfLine != 0:
		return x * scaled(line)
	case does&FrontOfValue != 0:
		return scaled(x) * line
	}
	return scaled(x * line)
}
