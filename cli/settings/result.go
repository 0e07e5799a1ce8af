package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	"output": "output", "limit": "limit", "scale": "scale", "mean": "mean", "std": "std", "device": "device", "workers": "workers", "threads": "threads",
	"block": "block", "cache": "cache", "fix_shapes": "fix-shapes", "allow_nan": "allow-nan",
}

// leftOut are the keys that are not read back: a new search has its own folder, takes over nothing, overwrites nothing
// and is no dry run; a command comes from the command line only; and the rest is no flag.
var leftOut = []string{"out", "reuse", "force", "dry_run", "metric_cmd", "command", "version"}

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
	for key, raw := range r.Config {
		if key == "metric_cmd" {
			f.Command = string(raw) != `""` && string(raw) != "null"
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
	return f, nil
}

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
		case v == "0" && key != "multiplier" && key != "seed" && key != "ignore_label":
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
