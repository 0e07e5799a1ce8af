package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"example.org/demote/result"
	"example.org/demote/run"
)

// TestLibraryAndProgramSearchAlike holds that what a library leaves open is what the program's flags default to, and
// that a 0 that is given is a 0 in both: the same settings, the same search.
func TestLibraryAndProgramSearchAlike(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	in.flags["--block"], in.flags["--strategy"], in.flags["--target"] = "-", "-", "16bit-0.2"
	configs := map[string]run.Config{}
	for name, c := range map[string]struct {
		flags []string
		set   func(*run.Config)
	}{
		"nothing":   {nil, func(*run.Config) {}},
		"reference": {[]string{"--strategy", "demotion", "--limit", "20"}, func(c *run.Config) { c.Strategy, c.Limit = "demotion", 20 }},
		"zeros": {[]string{"--strategy", "demotion", "--limit", "20", "--multiplier", "0", "--seed", "0", "--workers", "0", "--threads", "0", "--block", "0"},
			func(c *run.Config) {
				c.Strategy, c.Limit, c.Multiplier, c.Seed = "demotion", 20, new(0.0), new(uint32(0))
			}},
	} {
		typed, own := in.path("typed "+name), in.path("own "+name)
		in.flags["--out"] = typed
		must(t, in.args(c.flags...)...)
		cfg := run.Config{Model: in.flags["--model"], Calib: in.flags["--calib"], Data: in.flags["--data"], Target: in.flags["--target"], Out: own, Version: Version}
		c.set(&cfg)
		if _, err := run.Search(context.Background(), cfg); err != nil {
			t.Fatal(err)
		}
		a, b := readResult(t, typed), readResult(t, own)
		configs[name] = a.Config
		a.Config.Out, a.Config.Command, a.Config.Version = b.Config.Out, b.Config.Command, b.Config.Version
		if !reflect.DeepEqual(a.Config, b.Config) {
			t.Errorf("%s: the program searches with %s\nthe library with %s", name, text(a.Config), text(b.Config))
		}
		if a.Evaluations != b.Evaluations || !reflect.DeepEqual(a.Chain, b.Chain) || !reflect.DeepEqual(a.Promotion, b.Promotion) || !reflect.DeepEqual(a.Score, b.Score) {
			t.Errorf("%s: the program asks for %d scores, chain %s; the library for %d, %s", name, a.Evaluations, text(a.Chain), b.Evaluations, text(b.Chain))
		}
	}
	if c := configs["nothing"]; *c.Multiplier != 0.5 || *c.Seed != 1 {
		t.Errorf("the defaults are multiplier %v and seed %v", *c.Multiplier, *c.Seed)
	}
	if c := configs["zeros"]; *c.Multiplier != 0 || *c.Seed != 0 {
		t.Errorf("zeros that were given are multiplier %v and seed %v", *c.Multiplier, *c.Seed)
	}
}

// TestLibraryAndProgramEvalAlike holds it of a command that draws samples by lot as well.
func TestLibraryAndProgramEvalAlike(t *testing.T) {
	in := good(t)
	net := in.flags["--model"]
	for _, c := range []struct {
		flags []string
		seed  *uint32
	}{{nil, nil}, {[]string{"--seed", "0"}, new(uint32(0))}, {[]string{"--seed", "7"}, new(uint32(7))}} {
		var typed run.Evaluation
		if err := json.Unmarshal([]byte(must(t, append([]string{"eval", net, "--data", in.flags["--data"], "--limit", "11", "--json"}, c.flags...)...).out), &typed); err != nil {
			t.Fatal(err)
		}
		own, err := run.Eval(context.Background(), run.Config{Data: in.flags["--data"], Limit: 11, Seed: c.seed}, net, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(typed.Score, own.Score) {
			t.Errorf("%v: the program scores %s, the library %s", c.flags, text(typed.Score), text(own.Score))
		}
	}
}

func readResult(t *testing.T, dir string) *run.Result {
	t.Helper()
	r, err := run.ReadResult(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

// TestOldFoldersKeepTheirZeros holds that a run that was searched with multiplier and seed 0, before these were
// choices that can be left open, is read back as it was.
func TestOldFoldersKeepTheirZeros(t *testing.T) {
	in := good(t)
	must(t, in.args("--limit", "20", "--multiplier", "0", "--seed", "0")...)
	path := filepath.Join(in.flags["--out"], result.File)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Config map[string]json.RawMessage `json:"config"`
	}
	if err := json.Unmarshal(data, &raw); err != nil || string(raw.Config["multiplier"]) != "0" || string(raw.Config["seed"]) != "0" {
		t.Fatalf("result.json has multiplier %s and seed %s, %v: plain numbers, as it always had", raw.Config["multiplier"], raw.Config["seed"], err)
	}
	// The samples are drawn with the seed: another one scores another part, and verify would say so.
	must(t, "verify", in.flags["--out"])
}
