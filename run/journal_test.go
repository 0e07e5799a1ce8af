package run

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// copyFolder copies the files of a folder into a new one.
func copyFolder(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestDamagedJournals edits the journal of an unfinished run, which stays a good SQLite file: every edit is one line
// with the path and a cure, exit code 2, and nothing of it is believed.
func TestDamagedJournals(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 40)
	interrupt(t, cfg)
	good := cfg.Out
	for _, c := range []struct{ name, text string }{
		{"count above the total", `UPDATE scores SET count = total + 1 WHERE total IS NOT NULL`},
		{"count below zero", `UPDATE scores SET count = -5`},
		{"count of 63 bits", `UPDATE scores SET count = 9223372036854775807`},
		{"count as text", `UPDATE scores SET count = 'abc'`},
		{"another count", `UPDATE scores SET count = count + 1 WHERE count < 40`},
		{"another total", `UPDATE scores SET total = 39 WHERE total IS NOT NULL`},
		{"total below zero", `UPDATE scores SET total = -40 WHERE total IS NOT NULL`},
		{"no total any more", `UPDATE scores SET total = NULL`},
		{"longer masks", `UPDATE scores SET mask = mask || '1'`},
		{"a short mask", `INSERT INTO scores VALUES ('1', '', 0, 0, x'0000000000000000', 40, x'0000000000000000', NULL, x'00')`},
		{"an empty mask", `INSERT INTO scores VALUES ('', '', 0, 0, x'0000000000000000', 40, x'0000000000000000', NULL, x'00')`},
		{"a huge mask", `INSERT INTO scores VALUES (hex(zeroblob(500000)), '', 0, 0, x'0000000000000000', 40, x'0000000000000000', NULL, x'00')`},
		{"no mask", `UPDATE scores SET mask = replace(mask, '0', '2')`},
		{"blocks beyond the layout", `UPDATE scores SET blocks = 99999999`},
		{"blocks below zero", `UPDATE scores SET blocks = -3`},
		{"a short gain", `UPDATE scores SET gain = x'00'`},
		{"a gain as text", `UPDATE scores SET gain = 'abc'`},
		{"other grids", `UPDATE scores SET grids = 'x'`},
		{"outcomes from nowhere", `UPDATE scores SET outcomes = x'ff'`},
		{"no checksum", `UPDATE scores SET sum = x''`},
		{"rows exchanged", `UPDATE scores SET sum = (SELECT sum FROM scores ORDER BY mask LIMIT 1)`},
		{"another fingerprint", `UPDATE meta SET value = replace(value, 'pow2', 'symmetric') WHERE key = 'fingerprint'`},
		{"a fingerprint cut short", `UPDATE meta SET value = '{' WHERE key = 'fingerprint'`},
		{"no fingerprint", `DELETE FROM meta WHERE key = 'fingerprint'`},
		{"control characters", `UPDATE meta SET value = char(27) || '[31m9' WHERE key = 'schema'`},
		{"another state", `UPDATE meta SET value = 'ended' WHERE key = 'state'`},
		{"no state", `DELETE FROM meta WHERE key = 'state'`},
		{"costs", `UPDATE meta SET value = 'zzz' WHERE key = 'spent'`},
		{"an unknown entry", `INSERT INTO meta VALUES ('a', 'b', x'00')`},
		{"another table", `CREATE TABLE mine (x)`},
		{"a trigger", `CREATE TRIGGER t AFTER INSERT ON scores BEGIN DELETE FROM scores; END`},
		{"a trigger that aborts", `CREATE TRIGGER t BEFORE INSERT ON scores BEGIN SELECT raise(abort, 'no'); END`},
		{"a view in place of a table", `DROP TABLE default_sessions; CREATE VIEW default_sessions AS SELECT 1 AS mask`},
		{"a table of other columns", `DROP TABLE scores; CREATE TABLE scores (mask, grids, blocks, count, gain, total, value, outcomes, sum)`},
		{"a table less", `DROP TABLE default_sessions`},
		{"an index", `CREATE INDEX i ON scores (count)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := cfg
			cfg.Out = copyFolder(t, good)
			path := filepath.Join(cfg.Out, journal.JournalFile)
			db, err := sql.Open("sqlite", "file:"+path)
			if err == nil {
				_, err = db.Exec(c.text)
			}
			if err != nil {
				t.Fatal(err)
			}
			db.Close()
			before, _ := os.ReadFile(path)
			_, err = Search(context.Background(), cfg)
			checkRefusal(t, err, path)
			if after, _ := os.ReadFile(path); string(before) != string(after) {
				t.Error("the journal was changed")
			}
		})
	}
	cfg.Out = copyFolder(t, good)
	mustSearch(t, cfg)
}

// checkRefusal holds an error to one line of the user's, with a path and a cure.
func checkRefusal(t *testing.T, err error, path string) {
	t.Helper()
	switch {
	case err == nil:
		t.Error("it was believed")
	case ExitCode(err) != ExitMistake:
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	case !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "--force") && !strings.Contains(err.Error(), "--out") || strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 1000:
		t.Errorf("the refusal: %.300q", err)
	}
}

// TestMutatedJournals changes bytes of a journal at random: it is refused, or what is read is what was written and
// the search ends with the same result. Nothing else.
func TestMutatedJournals(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 24)
	want := decisions(t, mustSearch(t, cfg))
	cfg.Out += "-mutated"
	interrupt(t, cfg)
	good, err := os.ReadFile(filepath.Join(cfg.Out, journal.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	folder := cfg.Out
	refused := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		bad := append([]byte(nil), good...)
		for range []int{1, 1, 5, 50}[rng.IntN(4)] {
			bad[rng.IntN(len(bad))] = byte(rng.IntN(256))
		}
		if rng.IntN(8) == 0 {
			bad = bad[:rng.IntN(len(bad))]
		}
		cfg.Out = copyFolder(t, folder)
		tasktest.WriteFile(t, filepath.Join(cfg.Out, journal.JournalFile), bad)
		r, err := Search(context.Background(), cfg)
		switch {
		case err != nil:
			refused++
			if ExitCode(err) != ExitMistake || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), cfg.Out) {
				t.Errorf("seed %d: exit code %d: %v", seed, ExitCode(err), err)
			}
		case decisions(t, r) != want:
			t.Errorf("seed %d: %s, want %s", seed, decisions(t, r), want)
		}
	}
	if refused < 10 || refused == 60 {
		t.Errorf("%d of 60 mutations were refused: the test changes too little, or too much", refused)
	}
	t.Logf("%d of 60 refused", refused)
}

// TestForeignJournals holds that a folder with another program's database under our name is no run: nothing in it is
// touched, not even with --force.
func TestForeignJournals(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 24)
	dir := cfg.Out
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, journal.JournalFile)
	db, err := sql.Open("sqlite", "file:"+path)
	if err == nil {
		_, err = db.Exec(`CREATE TABLE meta (key TEXT, value TEXT); INSERT INTO meta VALUES ('schema', '7'); CREATE TABLE notes (text)`)
	}
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	tasktest.WriteFile(t, filepath.Join(dir, result.File), []byte(`{"mine": true}`))
	tasktest.WriteFile(t, filepath.Join(dir, journal.CurveFile), []byte("a,b\n"))
	before := contents(t, dir)
	for _, force := range []bool{false, true} {
		cfg.Force = force
		_, err := Search(context.Background(), cfg)
		checkRefusal(t, err, dir)
		if after := contents(t, dir); after != before {
			t.Errorf("force %t: the folder held\n%s\nand now\n%s", force, before, after)
		}
	}
}

// contents is everything that a folder holds.
func contents(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, e := range entries {
		data, _ := os.ReadFile(filepath.Join(dir, e.Name()))
		fmt.Fprintf(&all, "%s %q\n", e.Name(), data)
	}
	return all.String()
}

// TestOldJournals refuses a run of the version before in a line, and gives it up with --force.
func TestOldJournals(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 24)
	if err := os.Mkdir(cfg.Out, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cfg.Out, journal.JournalFile)
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)")
	if err == nil {
		_, err = db.Exec(`CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
			CREATE TABLE scores (mask TEXT PRIMARY KEY, blocks INTEGER NOT NULL, count INTEGER NOT NULL, sum BLOB NOT NULL, total INTEGER, value BLOB) WITHOUT ROWID;
			INSERT INTO meta VALUES ('schema', '1'), ('fingerprint', '{}'), ('state', 'running')`)
	}
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	_, err = Search(context.Background(), cfg)
	checkRefusal(t, err, path)
	if err != nil && !strings.Contains(err.Error(), "earlier version") {
		t.Errorf("%v", err)
	}
	cfg.Force = true
	mustSearch(t, cfg)
}

// TestLinksAreNotFollowed puts links where a run's own files are to be.
func TestLinksAreNotFollowed(t *testing.T) {
	for _, name := range []string{".lock", journal.JournalFile, journal.JournalFile + "-wal"} {
		t.Run(name, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 24)
			outside := filepath.Join(t.TempDir(), "precious")
			if name != journal.JournalFile+"-wal" {
				if err := os.Mkdir(cfg.Out, 0o777); err != nil {
					t.Fatal(err)
				}
			} else {
				interrupt(t, cfg)
			}
			for _, there := range []bool{false, true} {
				if there {
					tasktest.WriteFile(t, outside, []byte("precious"))
				}
				link := filepath.Join(cfg.Out, name)
				os.Remove(link)
				if err := os.Symlink(outside, link); err != nil {
					t.Fatal(err)
				}
				_, err := Search(context.Background(), cfg)
				checkRefusal(t, err, cfg.Out)
				if data, err := os.ReadFile(outside); there && string(data) != "precious" || !there && err == nil {
					t.Errorf("what the link leads to holds %q, %v", data, err)
				}
			}
		})
	}
}
