package result

import "fmt"

// WeightsLow are the holders of weights, and how many of them have their low width in the mix.
func (r *Result[C]) WeightsLow() (low, all int) {
	for _, h := range r.Holders {
		if h.Weights {
			all++
			if h.IsLow() {
				low++
			}
		}
	}
	return low, all
}

// ActivationsLow are the activations, and how many of them have their low width in the mix.
func (r *Result[C]) ActivationsLow() (low, all int) {
	weights, held := r.WeightsLow()
	return len(r.Holders) - len(r.Promotion) - weights, len(r.Holders) - held
}

// IsLow reports whether a holder has its low width in the mix, by the names of the widths of its two grids.
func (h Holder) IsLow() bool {
	return h.Precision == fmt.Sprintf("int%d", h.Low.Bits) && h.Low.Bits < h.High.Bits
}

// WeightWidths are the widths of weights with holders, as names: the low one and the high one of the first. ok is false
// without any.
func (r *Result[C]) WeightWidths() (low, high string, ok bool) {
	for _, h := range r.Holders {
		if h.Weights {
			return fmt.Sprintf("int%d", h.Low.Bits), fmt.Sprintf("int%d", h.High.Bits), true
		}
	}
	return "", "", false
}

// IsWeights reports whether a name of the promotion list is that of weights.
func (r *Result[C]) IsWeights(name string) bool {
	for _, h := range r.Holders {
		if h.Name == name {
			return h.Weights
		}
	}
	return false
}

// EndNames are the names of the networks with everything high and with everything low.
func (r *Result[C]) EndNames() (high, low string) {
	high, low = "all "+r.Widths.HighName(), "all "+r.Widths.LowName()
	if wlow, whigh, ok := r.WeightWidths(); ok {
		high, low = high+", weights "+whigh, low+", weights "+wlow
	}
	return high, low
}

// ComparedName is the name of the network that repairs were compared by: everything low but what the choice of ranges
// has set apart.
func (r *Result[C]) ComparedName() string {
	_, low := r.EndNames()
	if len(r.Ranges) == 0 {
		return low
	}
	switch apart := r.Ranges[len(r.Ranges)-1].Int16; len(apart) {
	case 0:
		return low
	case 1:
		return low + " but " + apart[0]
	default:
		return fmt.Sprintf("%s but %d activations", low, len(apart))
	}
}
