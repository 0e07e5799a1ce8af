package run

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"example.org/demote/config"
)

// decibels are what the written files of both widths score against the float network, in dB: "int8 exact", "int16
// default" and so on. A session that cannot run a file scores -Inf.
func decibels(t testing.TB, cfg config.Config) map[string]float64 {
	t.Helper()
	cfg.Out = filepath.Join(t.TempDir(), "files")
	low, high, err := Quantize(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := map[string]float64{}
	for _, session := range []string{"exact", "default"} {
		for width, file := range map[string]string{"int8": low, "int16": high} {
			e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "sqnr", Block: cfg.Block, AllowNaN: true}, file, cfg.Model, session)
			at := width + " " + session
			switch {
			case err != nil:
				t.Logf("%s: %v", at, err)
				db[at] = math.Inf(-1)
			case e.Score.Value == nil:
				db[at] = math.Inf(1)
			default:
				db[at] = *e.Score.Value
			}
		}
	}
	return db
}

// near holds what decibels finds against the least for each width, in the sessions named.
func near(t testing.TB, cfg config.Config, int8, int16 float64, sessions ...string) {
	t.Helper()
	db := decibels(t, cfg)
	for _, session := range sessions {
		for width, least := range map[string]float64{"int8": int8, "int16": int16} {
			if got := db[width+" "+session]; !(got >= least) {
				t.Errorf("%s: %s in the %s session is %.1f dB from the float network; at least %g are due", t.Name(), width, session, got, least)
			}
		}
	}
}
