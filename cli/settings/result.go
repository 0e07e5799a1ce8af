package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// flagOf names the flag of each key of a result's configuration that is read back.
var flagOf = map[string]string{
	"model": "model", "low": "low", "high": "high", "calib": "calib", "data": "data", "spool": "spool", "labels": "labels", "target": "target",
	"encodings_low": "encodings-low", "encodings_high": "encodings-high", "export": "export", "session": "session", "strategy": "strategy", "scan": "scan",
	"chain": "chain", "multiplier": "multiplier", "seed": "seed", "trials": "evaluations", "time_ns": "time", "start": "start", "curve": "curve", "prove": "prove",
	"int16_share": "int16-share", "pins": "pin", "groups": "group", "profile": "profile", "cost": "cost", "budget": "budget", "holdout": "holdout",
	"confidence": "confidence", "grid_low": "grid-low", "grid_high": "grid-high", "range_low": "range-low", "range_high": "range-high", "formula": "formula",
	"weights": "weights", "bias": "bias", "output_holder": "output-holder", "unroll": "unroll", "metric": "metric", "metric_lower": "metric-lower",
	"metric_timeout_ns": "metric-timeout", "class_weights": "class-weights", "ignore_label": "ignore-label", "input": "input", "pad": "pad", "state": "state",
	"output": "output", "limit": "limit", "scale": "scale", "mean": "mean", "std": "std", "device": "device", "workers": "workers", "threads": "threads", "members": "members",
	"bits": "bits", "ladder": "ladder", "ladder_split": "ladder-split", "weight_bits": "weight-bits", "search_weights": "search-weights", "repair": "repair", "metric_name": "metric-name", "decode": "decode", "anchors": "anchors", "nms_score": "nms-score", "nms_iou": "nms-iou", "max_detections": "max-detections",
	"blank": "blank", "space": "space", "label_arrays": "label-array", "beside_outputs": besideOutput,
	"block": "block", "cache": "cache", "fix_shapes": "fix-shapes", "allow_nan": "allow-nan",
}

// besideOutput stands for the outputs behind the first one, which the flag --output lists with it.
const besideOutput = "output, beside"

// leftOut are the keys that are not read back: a new search has its own folder, takes over nothing, overwrites nothing
// and is no dry run; a command comes from the command line only; and the rest is no flag.
var leftOut = []string{"out", "reuse", "force", "dry_run", "metric_cmd", "metric_serve", "command", "version"}

// ofResult reads back the configuration in a result.json, but for leftOut. What was not set is not listed.
func ofResult(text []byte) (f File, err error) {
	f.Result = true
	var r struct {
		Schema int                        `json:"schema_version"`
		Config map[string]json.RawMessage `json:"config"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return f, fmt.Errorf("%w; give a YAML file, or the result.json of a search", err)
	}
	if r.Schema == 0 || r.Config == nil {
		return f, fmt.Errorf("no result of a search: it has no schema_version, or no config")
	}
	for _, key := range slices.Sorted(maps.Keys(r.Config)) {
		raw := r.Config[key]
		if key == "metric_cmd" || key == "metric_serve" {
			f.Command = f.Command || string(raw) != `""` && string(raw) != "null"
		}
		name, known := flagOf[key]
		if !known {
			continue
		}
		values, err := typed(key, raw)
		if err != nil {
			return f, fmt.Errorf("config: %s: %w", key, err)
		}
		if values != nil {
			f.Settings = append(f.Settings, Setting{Name: name, Values: values})
		}
	}
	f.Settings = joined(f.Settings)
	return f, nil
}

// joined has the outputs in one setting.
func joined(list []Setting) []Setting {
	beside := slices.IndexFunc(list, func(s Setting) bool { return s.Name == besideOutput })
	if beside < 0 {
		return list
	}
	values := list[beside].Values
	list = slices.Delete(list, beside, beside+1)
	if first := slices.IndexFunc(list, func(s Setting) bool { return s.Name == "output" }); first >= 0 {
		list[first].Values = append(list[first].Values, values...)
	}
	return list
}

// zeroCounts are the keys of which 0 is a value as any other, and not that they were not set.
var zeroCounts = []string{"multiplier", "seed", "ignore_label", "nms_score", "nms_iou", "space"}

// typed is a value as it would be typed; nil: it was not set.
func typed(key string, raw json.RawMessage) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if v == "" {
			return nil, nil
		}
		return []string{v}, nil
	case bool:
		if !v {
			return nil, nil
		}
		return []string{"true"}, nil
	case json.Number:
		n, err := v.Int64()
		switch {
		case strings.HasSuffix(key, "_ns") && err != nil:
			return nil, err
		case v == "0" && !slices.Contains(zeroCounts, key):
			return nil, nil
		case strings.HasSuffix(key, "_ns"):
			return []string{time.Duration(n).String()}, nil
		case key == "cache":
			return []string{strconv.FormatInt(max(n, 0), 10)}, nil // below 0: none, which is typed as 0
		}
		return []string{v.String()}, nil
	case []any:
		var list []string
		for _, one := range v {
			switch one := one.(type) {
			case string:
				list = append(list, one)
			case json.Number:
				list = append(list, one.String())
			default:
				return nil, fmt.Errorf("a list of %T", one)
			}
		}
		if key == "scale" || key == "mean" || key == "std" {
			list = []string{strings.Join(list, ",")}
		}
		if len(v) == 0 {
			return nil, nil
		}
		return list, nil
	}
	return nil, fmt.Errorf("a value of %T", v)
}
