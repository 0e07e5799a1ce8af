package result

import "strings"

// Widths are the names of the two widths that a search moves activations between, such as int4 and int8. Results of
// int8 and int16 have none: a nil pointer, and the zero value, stand for these. The fields of a result whose names
// contain int8 or int16 are about the low and the high width, whatever they are.
type Widths struct {
	Low  string `json:"low"`
	High string `json:"high"`
}

// The usual widths.
const (
	usualLow  = "int8"
	usualHigh = "int16"
)

// kept are words about int8 itself, whatever a search moves: kernels of a processor, and the type of a grid.
var kept = []string{"int8 products", "int8 scale", "int16 scale"}

// WidthsOf are the widths of these names; nil for the usual ones.
func WidthsOf(low, high string) *Widths {
	if low == usualLow && high == usualHigh {
		return nil
	}
	return &Widths{low, high}
}

// LowName is the name of the low width.
func (w *Widths) LowName() string {
	if w == nil || w.Low == "" {
		return usualLow
	}
	return w.Low
}

// HighName is the name of the high width.
func (w *Widths) HighName() string {
	if w == nil || w.High == "" {
		return usualHigh
	}
	return w.High
}

// Text writes a text about int8 and int16, the words of all rooms, about these widths: int8 and 8-bit become the low
// one, int16 and 16-bit the high one, where they stand as words of their own. Flags (--int16-share), names of files
// (m_int8.onnx), what a user types (conv=int8, 16bit-0.005) and what stands between double quotes stay.
func (w *Widths) Text(text string) string {
	low, high := w.LowName(), w.HighName()
	if low == usualLow && high == usualHigh {
		return text
	}
	words := []struct{ usual, name string }{{usualLow, low}, {usualHigh, high}, {"8-bit", bitText(low)}, {"16-bit", bitText(high)}}
	var out strings.Builder
	quoted := false
	for at := 0; at < len(text); {
		rest := text[at:]
		n := 1
		for _, words := range kept {
			if strings.HasPrefix(rest, words) {
				n = len(words)
			}
		}
		shown := rest[:n]
		if rest[0] == '"' {
			quoted = !quoted && strings.IndexByte(rest[1:], '"') >= 0
		}
		for _, word := range words {
			if !quoted && n == 1 && strings.HasPrefix(rest, word.usual) && aloneIn(text, at, at+len(word.usual)) {
				n, shown = len(word.usual), word.name
				break
			}
		}
		out.WriteString(shown)
		at += n
	}
	return out.String()
}

// bitText is the adjective of a width: 4-bit of int4.
func bitText(name string) string {
	if digits, ok := strings.CutPrefix(name, "int"); ok {
		return digits + "-bit"
	}
	return name
}

// aloneIn tells whether text[from:to] is a word of its own, or the end of one such as all-int8.
func aloneIn(text string, from, to int) bool {
	if before := text[:from]; before != "" {
		joined := strings.HasSuffix(before, "-") && len(before) > 1 && strings.IndexByte("- \n\t", before[len(before)-2]) < 0
		if !joined && strings.IndexByte(" \n\t([',;:/", before[len(before)-1]) < 0 {
			return false
		}
	}
	after := text[to:]
	if len(after) > 1 && after[0] == '.' {
		return after[1] == ' ' || after[1] == '\n'
	}
	return after == "" || strings.IndexByte(" \n\t)]',;:/.!?", after[0]) >= 0
}
