package target

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"example.org/demote/mistake"
)

// targetKind is the score that a target is measured from.
type targetKind int

const (
	targetNumber targetKind = iota // a score
	targetHigh                     // a difference from the 16-bit score
	targetFloat                    // a difference from the float score
	targetShare                    // a share of the way from the 8-bit to the 16-bit score
)

// Target is a target as it was typed (CONTRACT, Targets):
//
//	0.9125         the score itself, in the metric's own unit
//	16bit-0.005    the 16-bit score and a difference, also with +
//	float-0.01     the float score and a difference, also with +
//	int16-0.005    16bit-0.005, and fp32-0.01 is float-0.01: names that other toolkits have
//	50%            that share of the way from the 8-bit to the 16-bit score
//	8bit+91%       the same, for shares that could be mistaken for a score
//
// The decimal digits are kept as they are: nothing is rounded before the comparison is fixed. In float64, 0.9175 -
// 0.005 is less than 0.9125, and a score that hits the target exactly would pass as one above it.
type Target struct {
	Text   string
	kind   targetKind
	amount *big.Rat // score, difference or share
	spelt  bool     // the share was written with 8bit+
}

// decimal matches a plain decimal number with an exponent of at most three digits.
var decimal = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$`)

// Parse reads a target. Errors are mistake.Err and say how to write it.
func Parse(text string) (Target, error) {
	t := Target{Text: text}
	digits := strings.TrimSpace(text)
	switch {
	case after(&digits, "16bit", "int16"):
		t.kind = targetHigh
	case after(&digits, "float", "fp32"):
		t.kind = targetFloat
	case strings.HasPrefix(digits, "8bit"):
		t.kind, digits, t.spelt = targetShare, digits[len("8bit"):], true
	case strings.HasSuffix(digits, "%"):
		t.kind = targetShare
	}
	if t.kind != targetNumber && !(t.kind == targetShare && !t.spelt) && !strings.HasPrefix(digits, "-") && !strings.HasPrefix(digits, "+") {
		return Target{}, t.wrong("write a difference such as 16bit-0.005, float-0.01 or 8bit+50%")
	}
	if t.kind == targetShare {
		if !strings.HasSuffix(digits, "%") {
			return Target{}, t.wrong("a difference from the 8-bit score is a share of the way to the 16-bit score, such as 8bit+50%")
		}
		digits = strings.TrimSuffix(digits, "%")
	} else if before, ok := strings.CutSuffix(digits, "%"); ok {
		return Target{}, t.wrong("a difference is in the metric's own unit, not in points: write " + strings.TrimSuffix(t.Text, digits) + hundredth(before))
	}
	// The regular expression keeps out what big.Rat reads beside decimals, and exponents that would fill the memory.
	if len(digits) > 100 || !decimal.MatchString(digits) {
		return Target{}, t.wrong("write a number such as 0.91, 16bit-0.005, float-0.01 or 50%")
	}
	t.amount, _ = new(big.Rat).SetString(digits)
	if f, _ := t.amount.Float64(); math.IsInf(f, 0) {
		return Target{}, t.wrong("no score is that large: write a number such as 0.91, 16bit-0.005, float-0.01 or 50%")
	}
	if t.kind == targetShare {
		t.amount.Quo(t.amount, big.NewRat(100, 1))
		if t.amount.Sign() < 0 || t.amount.Cmp(big.NewRat(1, 1)) > 0 {
			return Target{}, t.wrong("a share of the way from the 8-bit to the 16-bit score lies in 0%..100%")
		}
	}
	return t, nil
}

// after takes the first of some names that a text begins with away, and tells whether there is one.
func after(text *string, names ...string) bool {
	for _, name := range names {
		if rest, is := strings.CutPrefix(*text, name); is {
			*text = rest
			return true
		}
	}
	return false
}

// Same reports whether two targets are the same, however their digits are written: 0.91 and 0.910.
func (t Target) Same(o Target) bool { return t.kind == o.kind && t.amount.Cmp(o.amount) == 0 }

// NeedsFloat reports whether the target is measured from the score of the float network.
func (t Target) NeedsFloat() bool { return t.kind == targetFloat }

// NeedsLow reports whether the target is measured from the score of the 8-bit network.
func (t Target) NeedsLow() bool { return t.kind == targetShare }

// Check refuses targets that cannot be meant, as far as that is known before any evaluation. Resolve checks the rest.
// Errors are mistake.Err.
//
// Scores of classification are fractions, so Check refuses 91 as a score and 16bit-1 as a difference, which are points,
// and shares from 90% on, see Resolve.
func (t Target) Check(m Scale) error {
	if !m.Fraction {
		return nil
	}
	one := big.NewRat(1, 1)
	switch {
	case t.kind == targetNumber && t.amount.Sign() < 0:
		return t.wrong("no score of " + m.Name + " is below 0: " + t.drop())
	case t.kind == targetNumber && t.amount.Cmp(one) > 0:
		return t.wrong(m.Name + " is a fraction between 0 and 1: write " + t.hint())
	case (t.kind == targetHigh || t.kind == targetFloat) && new(big.Rat).Abs(t.amount).Cmp(one) >= 0:
		return t.wrong("differences of " + m.Name + " are fractions, not points: write " + t.hint())
	}
	return t.checkShare(m, one)
}

// mistaken is the line between the two readings of a percentage, a difference of scores. A share of a classification
// score is taken for a score if it is more than 50 % and, read as a score, less than this below the 16-bit score.
var mistaken = big.NewRat(1, 10)

// checkShare refuses a percentage that is more likely a score typed in points: 91% on a network that scores 0.92.
func (t Target) checkShare(m Scale, high *big.Rat) error {
	if t.kind != targetShare || t.spelt || !m.Fraction || t.amount.Cmp(big.NewRat(1, 2)) <= 0 {
		return nil
	}
	if t.amount.Cmp(new(big.Rat).Sub(high, mistaken)) < 0 {
		return nil
	}
	return t.wrong("a percentage is a share of the way from the 8-bit to the 16-bit score: write " + t.amount.FloatString(places(t.amount)) +
		" for that " + m.Name + ", or 8bit+" + strings.TrimSpace(t.Text) + " for the share")
}

// drop tells the user how to write a difference that was typed without the score that it is measured from, as other
// toolkits take it: -0.01 becomes 16bit-0.01 or float-0.01.
func (t Target) drop() string {
	text := strings.TrimSpace(t.Text)
	if !withinOne(t.amount) {
		text = "-0.005"
	}
	return "for a drop write 16bit" + text + " or float" + text
}

// LooksLikeDrop reports whether a target is a percentage of at most 10 %, which in other tools is a drop of the score,
// and returns the drop as a fraction: 0.01 for 1%. A share that is written with 8bit+ is never one.
func (t Target) LooksLikeDrop() (drop string, ok bool) {
	if t.kind != targetShare || t.spelt || t.amount.Sign() == 0 || t.amount.Cmp(mistaken) > 0 {
		return "", false
	}
	return t.amount.FloatString(places(t.amount)), true
}

// hint writes a target in points as a fraction, or returns an example if it cannot be points.
func (t Target) hint() string {
	prefix := map[targetKind]string{targetHigh: "16bit", targetFloat: "float"}[t.kind]
	r := new(big.Rat).Quo(t.amount, big.NewRat(100, 1))
	switch {
	case withinOne(r):
	case prefix != "":
		return prefix + "-0.005"
	default:
		return "0.91"
	}
	text := r.FloatString(places(r))
	if prefix != "" && r.Sign() >= 0 {
		text = "+" + text
	}
	return prefix + text
}

// wrong is the one-line error of a target.
func (t Target) wrong(what string) error {
	return mistake.Errorf("target %s: %s", strconv.Quote(t.Text), what)
}

// withinOne reports whether |r| is at most 1, as for a fraction or a difference of fractions.
func withinOne(r *big.Rat) bool { return new(big.Rat).Abs(r).Cmp(big.NewRat(1, 1)) <= 0 }

// hundredth divides typed digits by 100, or returns an example if the quotient is no fraction.
func hundredth(digits string) string {
	if len(digits) > 100 || !decimal.MatchString(digits) {
		return "-0.005"
	}
	r, _ := new(big.Rat).SetString(digits)
	r.Quo(r, big.NewRat(100, 1))
	if !withinOne(r) {
		return "-0.005"
	}
	text := r.FloatString(places(r))
	if r.Sign() >= 0 && strings.HasPrefix(digits, "+") {
		text = "+" + text
	}
	return text
}

// places returns the number of decimals that write a typed number exactly, at least 1 and at most 20.
func places(r *big.Rat) int {
	n, _ := r.FloatPrec()
	return min(max(n, 1), 20)
}
