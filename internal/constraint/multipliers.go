package constraint

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"example.org/demote/mistake"
)

// Multipliers say how hardware multiplies two numbers, and so what a multiply-accumulate costs. The zero value is the
// usual count: the bits of an activation times those of weights, and of two activations the square of the wider.
type Multipliers struct {
	wider bool     // every layer runs at the wider of its two sides, weights among them
	sizes [][2]int // of the multipliers there are, in bits, the narrower side first; nil without such a rule
}

// multiplierBits are the sides of a multiplier.
var multiplierBits = []string{"4", "8", "16"}

// parseMultipliers reads the key multipliers of a profile: wider, or sizes such as 8x16.
func parseMultipliers(list []string) (m Multipliers, err error) {
	for _, text := range list {
		text = strings.TrimSpace(text)
		a, b, ok := strings.Cut(text, "x")
		switch {
		case text == "wider":
			m.wider = true
		case !ok || !slices.Contains(multiplierBits, a) || !slices.Contains(multiplierBits, b):
			return m, mistake.Errorf("multipliers: %q is none: write wider, or sizes of 4, 8 and 16 bits such as 8x8 or 8x16", text)
		default:
			one, _ := strconv.Atoi(a)
			two, _ := strconv.Atoi(b)
			m.sizes = append(m.sizes, [2]int{min(one, two), max(one, two)})
		}
	}
	if m.wider && len(m.sizes) > 0 {
		return m, mistake.Errorf("multipliers: wider is for hardware that makes no product in several passes; leave it or the sizes out")
	}
	return m, nil
}

// Bits are the bit operations of a multiply-accumulate of numbers of a and b bits, activations both or one of them.
// With sizes of multipliers it takes as many passes as they need, by the size and the way round that cost least: on 8x8
// an activation of 16 bits times weights of 8 takes two, of 8 x 8 bit operations each.
func (m Multipliers) Bits(a, b int, both bool) float64 {
	wide := float64(max(a, b))
	if m.wider || both && m.sizes == nil {
		return wide * wide
	}
	if m.sizes == nil {
		return float64(a) * float64(b)
	}
	passes := func(bits, size int) float64 { return float64((bits + size - 1) / size) }
	least := math.Inf(1)
	for _, s := range m.sizes {
		count := min(passes(a, s[0])*passes(b, s[1]), passes(a, s[1])*passes(b, s[0]))
		least = min(least, count*float64(s[0]*s[1]))
	}
	return least
}

// String is as the profile has it; empty for the usual count.
func (m Multipliers) String() string {
	if m.wider {
		return "wider"
	}
	var list []string
	for _, s := range m.sizes {
		list = append(list, strconv.Itoa(s[0])+"x"+strconv.Itoa(s[1]))
	}
	return strings.Join(list, ", ")
}

// texts is a key of a profile that may be one text or a list of them.
type texts []string

// UnmarshalYAML reads either.
func (t *texts) UnmarshalYAML(text []byte) error {
	var one string
	if yaml.Unmarshal(text, &one) == nil {
		*t = texts{one}
		return nil
	}
	return yaml.Unmarshal(text, (*[]string)(t))
}
