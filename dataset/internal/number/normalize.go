package number

// Normalizer computes (x*scale - mean)/std in float32, one rounding an operation and in this order, with one set of
// numbers for all channels or one a channel.
type Normalizer struct {
	Scale, Mean, Std []float32 // of equal length
	Asked            [3]bool   // which of them are more than what changes nothing
	Inner            int       // elements from one channel to the next; 1 if the channels are the last axis
}

// Apply normalizes elements of a sample of which the first is number first.
func (z *Normalizer) Apply(v []float64, first int) {
	channels := len(z.Scale)
	for i := 0; i < len(v); {
		at := first + i
		c := at / z.Inner % channels
		end := min(len(v), i+z.Inner-at%z.Inner)
		scale, mean, std := z.Scale[c], z.Mean[c], z.Std[c]
		for ; i < end; i++ {
			// the conversions keep the compiler from fusing operations
			x := float32(float32(v[i]) * scale)
			v[i] = float64(float32(x-mean) / std)
		}
	}
}
