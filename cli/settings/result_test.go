package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
)

// TestEveryKeyOfAResult holds that every key of a result's configuration is read back, or left out by intent.
func TestEveryKeyOfAResult(t *testing.T) {
	keys := 0
	for f := range reflect.TypeFor[config.Config]().Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		keys++
		if _, read := flagOf[key]; read == slices.Contains(leftOut, key) {
			t.Errorf("config.%s, %q in a result: a flag in flagOf, or in leftOut", f.Name, key)
		}
	}
	if keys != len(flagOf)+len(leftOut) {
		t.Errorf("%d keys, %d read back and %d left out", keys, len(flagOf), len(leftOut))
	}
}

// TestResult holds how values of a result are typed again.
func TestResult(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	text := `{"schema_version": 2, "config": {"target": "16bit-0.0050", "limit": 0, "seed": 0, "multiplier": 0, "time_ns": 90000000000, "cache": -1, "curve": false,
		"unroll": true, "scale": [0.5, 0.25], "pins": ["a=int8", "b,c=int16"], "groups": null, "ignore_label": 0, "metric_cmd": "rm -rf x", "out": "there", "output": "a", "beside_outputs": ["b", "c"], "nms_score": 0, "later": {}}}`
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := Read(path)
	if err != nil || !f.Result || !f.Command {
		t.Fatalf("%+v, %v", f, err)
	}
	got := map[string]string{}
	for _, s := range f.Settings {
		got[s.Name] = strings.Join(s.Values, " | ")
	}
	want := map[string]string{"target": "16bit-0.0050", "seed": "0", "multiplier": "0", "time": "1m30s", "cache": "0", "unroll": "true", "scale": "0.5,0.25",
		"pin": "a=int8 | b,c=int16", "ignore-label": "0", "output": "a | b | c", "nms-score": "0"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
}
