package constraint

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/mistake"
)

// multipliersOf are those of a profile with this text.
func multipliersOf(t *testing.T, text string) (Multipliers, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rules, err := Parse(nil, nil, path, Words{Low: []string{"int8"}, High: []string{"int16"}})
	return rules.Multipliers(), err
}

// TestMultipliers prices one multiply-accumulate by hand: activation, weights, bit operations; and of two activations.
func TestMultipliers(t *testing.T) {
	type pair struct{ a, b int }
	for text, c := range map[string]struct{ weights, both map[pair]float64 }{
		"name: x\nfollow: [Resize]": { // the bits of both sides; two activations: the square of the wider
			map[pair]float64{{8, 8}: 64, {16, 8}: 128, {16, 4}: 64, {4, 4}: 16, {16, 16}: 256},
			map[pair]float64{{8, 8}: 64, {16, 8}: 256, {8, 16}: 256, {16, 16}: 256},
		},
		"multipliers: wider": { // a layer runs at the wider side, weights among them
			map[pair]float64{{8, 8}: 64, {16, 8}: 256, {8, 4}: 64, {4, 8}: 64, {4, 4}: 16},
			map[pair]float64{{8, 8}: 64, {16, 8}: 256, {16, 16}: 256},
		},
		"multipliers: 8x8": { // passes of 64: two for 16 bits on one side, four on both, one for 4
			map[pair]float64{{8, 8}: 64, {16, 8}: 128, {16, 16}: 256, {8, 4}: 64, {4, 4}: 64, {16, 4}: 128},
			map[pair]float64{{8, 8}: 64, {16, 8}: 128, {8, 16}: 128, {16, 16}: 256},
		},
		"multipliers: 8x16": { // passes of 128: an activation in 8 bits beside weights of 8 saves nothing
			map[pair]float64{{8, 8}: 128, {16, 8}: 128, {16, 16}: 256, {4, 4}: 128},
			map[pair]float64{{8, 8}: 128, {16, 8}: 128, {8, 16}: 128, {16, 16}: 256},
		},
		"multipliers: 16x8": { // the other way round is the same
			map[pair]float64{{8, 8}: 128, {16, 16}: 256}, map[pair]float64{{8, 16}: 128, {16, 8}: 128},
		},
		"multipliers: 16x16": {
			map[pair]float64{{8, 8}: 256, {16, 16}: 256, {4, 16}: 256}, map[pair]float64{{8, 8}: 256},
		},
		"multipliers: [8x8, 8x16]": { // the cheapest of them
			map[pair]float64{{8, 8}: 64, {16, 8}: 128, {16, 16}: 256, {4, 4}: 64}, map[pair]float64{{8, 16}: 128, {16, 16}: 256},
		},
		"multipliers: [4x8, 16x16]": { // 16 x 8 bits are four passes of 32, 16 x 16 one of 256 or eight of 32
			map[pair]float64{{4, 8}: 32, {8, 8}: 64, {16, 8}: 128, {16, 16}: 256, {8, 4}: 32}, map[pair]float64{{4, 4}: 32},
		},
	} {
		m, err := multipliersOf(t, text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for side, want := range map[bool]map[pair]float64{false: c.weights, true: c.both} {
			for p, bits := range want {
				if got := m.Bits(p.a, p.b, side); got != bits {
					t.Errorf("%s: %d x %d bits, two activations %v: %v, by hand %v", text, p.a, p.b, side, got, bits)
				}
			}
		}
	}
	if m, err := multipliersOf(t, "multipliers: [16x8, 8x8]"); err != nil || m.String() != "8x16, 8x8" {
		t.Errorf("%q, %v", m, err)
	}
}

// TestMultipliersRefused holds what is no multiplier, in a line.
func TestMultipliersRefused(t *testing.T) {
	for text, want := range map[string]string{
		"multipliers: 8":            `multipliers: "8" is none: write wider, or sizes of 4, 8 and 16 bits such as 8x8 or 8x16`,
		"multipliers: 8x12":         `"8x12" is none`,
		"multipliers: [wider, 8x8]": "leave it or the sizes out",
		"multipliers: []":           "it has no rule: give share_width",
		"multipliers: {a: b}":       "p.yaml",
		"multiplier: 8x8":           "the keys are name, share_width, no_int16, follow, pin, group and multipliers",
	} {
		if _, err := multipliersOf(t, text); !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), mistake.Text(want)) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
