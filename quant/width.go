package quant

import (
	"fmt"
	"strings"

	"example.org/demote/mistake"
)

// A Width is what the values of a grid are: integers of that many bits, or bfloat16.
type Width int

// The widths that a search moves activations between, the narrowest first.
const (
	W4   Width = 4
	W8   Width = 8
	W16  Width = 16
	Half Width = 17 // bfloat16, which takes 16 bits
)

// String is the width as results and files have it: int8, whether the codes are signed or not, and bf16.
func (w Width) String() string {
	if w == Half {
		return string(BF16)
	}
	return fmt.Sprintf("int%d", int(w))
}

// Text is the width as users type it, such as 8.
func (w Width) Text() string { return strings.TrimPrefix(w.String(), "int") }

// Bits is how many bits a value takes.
func (w Width) Bits() int { return min(int(w), 16) }

// Width is the width of a grid.
func (g Grid) Width() Width {
	if g.Formula == BF16 {
		return Half
	}
	return Width(g.Bits)
}

// ParseWidths reads a low and a high width such as "4,8". The error is a mistake.Err.
func ParseWidths(text string) (low, high Width, err error) {
	first, second, ok := strings.Cut(text, ",")
	if !ok {
		return 0, 0, mistake.Errorf("give a low and a high width such as 8,16")
	}
	if low, err = ParseWidth(first); err == nil {
		high, err = ParseWidth(second)
	}
	switch {
	case err != nil:
	case low == high:
		err = mistake.Errorf("both widths are %s: give two, the low one first, such as 8,16", low)
	case low > high:
		err = mistake.Errorf("the low width comes first: give %s,%s", high.Text(), low.Text())
	default:
		err = differ(low, high)
	}
	return low, high, err
}

// ParseLadder reads widths in ascending order, such as "4,8,16". The error is a mistake.Err.
func ParseLadder(text string) (widths []Width, err error) {
	for one := range strings.SplitSeq(text, ",") {
		w, err := ParseWidth(one)
		if err != nil {
			return nil, err
		}
		if n := len(widths); n > 0 && widths[n-1] >= w {
			return nil, mistake.Errorf("%s stands behind %s: give each width once, the lowest first, such as 4,8,16", w.Text(), widths[n-1].Text())
		} else if n > 0 {
			if err := differ(widths[n-1], w); err != nil {
				return nil, err
			}
		}
		widths = append(widths, w)
	}
	if len(widths) < 2 {
		return nil, mistake.Errorf("give two widths or more, the lowest first, such as 4,8,16")
	}
	return widths, nil
}

// differ refuses two widths that take as many bits.
func differ(low, high Width) error {
	if low.Bits() == high.Bits() {
		return mistake.Errorf("int16 and bf16 both take 16 bits, so that nothing is saved between them: give 4 or 8 as the lower one")
	}
	return nil
}

// ParseWidth reads a width as users type it. The error is a mistake.Err.
func ParseWidth(text string) (Width, error) {
	switch strings.TrimSpace(text) {
	case "4":
		return W4, nil
	case "8":
		return W8, nil
	case "16":
		return W16, nil
	case "bf16":
		return Half, nil
	}
	return 0, mistake.Errorf("%q is no width: choose among 4, 8 and 16, or bf16 as the high one", text)
}
