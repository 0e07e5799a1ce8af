package report

import (
	"fmt"
	"strings"
)

// searched describes the search in sentences.
func (v *view) searched() *section {
	if len(v.Holders) == 0 && len(v.Inputs) == 0 {
		return nil
	}
	files := map[string]string{}
	for _, in := range v.Inputs {
		if _, ok := files[in.Role]; !ok {
			files[in.Role] = short(in.Path)
		}
	}
	var b strings.Builder
	switch {
	case files["model"] != "":
		fmt.Fprintf(&b, "The float network %s", files["model"])
	case files["low"] != "" && files["high"] != "":
		fmt.Fprintf(&b, "The pair of %s (low) and %s (high)", files["low"], files["high"])
	default:
		b.WriteString("A network whose file is not named")
	}
	if n := len(v.Holders); n > 0 {
		_, weights := v.WeightsLow()
		fmt.Fprintf(&b, " with %s, each in %s or %s", plural(n-weights, "holder"), v.LowName(), v.HighName())
		if low, high, ok := v.WeightWidths(); ok {
			fmt.Fprintf(&b, ", and the weights of %s, each in %s or %s", plural(weights, "layer"), low, high)
		}
	}
	switch {
	case files["calib"] != "":
		fmt.Fprintf(&b, "; grids (%s) from the values that it has on %s", v.gridWords(), files["calib"])
	case files["encodings-low"] != "":
		fmt.Fprintf(&b, "; grids from %s and %s", files["encodings-low"], files["encodings-high"])
	}
	b.WriteString(". ")
	if v.Samples > 0 {
		fmt.Fprintf(&b, "Judged by %s on %s", short(v.Metric), plural(v.Samples, "sample"))
		if files["data"] != "" {
			fmt.Fprintf(&b, " of %s", files["data"])
		}
		if v.Steps > 0 {
			fmt.Fprintf(&b, ", each with %s over which the network is run with what it hands on", plural(v.Steps, "step"))
		}
		b.WriteString(". ")
	}
	if v.Strategy != "" {
		fmt.Fprintf(&b, "Strategy %s, quantize-dequantize formula %s; %s, %s in %s.",
			short(v.Strategy), short(v.Formula), plural(v.Evaluations, "evaluation"), plural(v.Trials, "distinct mask"), duration(v.Seconds))
	}
	s := v.section("searched", "What was searched")
	s.Paragraphs = []string{strings.TrimSpace(b.String())}
	return s
}

// gridWords are the settings of the grids.
func (v *view) gridWords() string {
	text := func(name string) string {
		value, _ := v.Config[name].(string)
		return short(value)
	}
	low, high := text("grid_low")+" "+text("range_low"), text("grid_high")+" "+text("range_high")
	switch {
	case strings.TrimSpace(low) == "":
		return "choices not known"
	case low == high:
		return low
	}
	if l := v.Result.Ladder; l != nil && l.Before != nil { // its two widths have the low grids of their steps
		return v.LowName() + " and " + v.HighName() + " " + low + ", " + short(l.Before.High) + " " + high
	}
	return v.LowName() + " " + low + ", " + v.HighName() + " " + high
}
