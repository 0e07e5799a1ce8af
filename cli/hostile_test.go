package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"example.org/demote/cli/tty"
)

var (
	mutations    = flag.Int("mutations", 60, "how many damaged files TestHostile gives to the program")
	mutationSeed = flag.Uint64("mutation-seed", 1, "what its damage is drawn by")
	onlyMutation = flag.Int("mutation", -1, "the one to try again, by its number")
	hostileFor   = flag.Duration("hostile-for", 0, "after this time it begins with no other file; 0: with all")
	hostileKept  = flag.String("hostile-kept", filepath.Join(os.TempDir(), "demote-hostile"), "where files are kept that the program did not stand")
)

// What the program may take for any file, however damaged.
const (
	hostileTime   = 10 * time.Second
	hostileMemory = 1 << 20 // KiB
)

// TestHostile damages files of every kind that the program reads, at random, and runs the program on them: it ends by
// an exit code from 0 to 4, after one line where that is 2, in time, in little memory, and without a control
// character. A failure names its number: -mutation-seed and -mutation try it again.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	base := t.TempDir()
	program := filepath.Join(base, "demote")
	if out, err := exec.Command("go", "build", "-o", program, "./demote").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	list := victims(t, program, base)
	h := &hostility{program: program, base: base, codes: map[string]int{}, limit: 6 * hostileTime}
	sound, all := make(chan func()), 0
	var check sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		check.Go(func() {
			for f := range sound {
				f()
			}
		})
	}
	for _, v := range list { // what is sound is taken
		for _, c := range v.commands {
			all++
			dir := filepath.Join(base, fmt.Sprint("sound", all))
			sound <- func() {
				v.write(t, base, dir, v.data)
				e := h.run(split(c, base, dir))
				h.mu.Lock()
				h.longest = max(h.longest, e.took)
				h.mu.Unlock()
				if e.code != 0 && e.code != 3 && !strings.Contains(e.err, "a finished run") || e.bad(h.limit) != "" {
					t.Errorf("the sound file of %s: demote %s: exit code %d: %s%s", v.name, c, e.code, e.err, e.bad(h.limit))
				}
			}
		}
	}
	close(sound)
	if check.Wait(); t.Failed() {
		return
	}
	h.limit, h.longest = max(hostileTime, 4*h.longest), 0 // a machine that others use is slower
	first, count := 0, *mutations
	if *onlyMutation >= 0 {
		first, count = *onlyMutation, *onlyMutation+1
	}
	begin, next := time.Now(), make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := range next {
				h.try(t, list, i)
			}
		})
	}
	done := 0
	for i := first; i < count && (*hostileFor == 0 || time.Since(begin) < *hostileFor); i++ {
		next <- i
		done++
	}
	close(next)
	wait.Wait()
	t.Logf("%d mutations in %.0f s, %d bad; most memory %d MiB, longest %.1f s of %.1f", done, time.Since(begin).Seconds(), h.bad, h.memory>>10, h.longest.Seconds(), h.limit.Seconds())
	for _, k := range slices.Sorted(maps.Keys(h.codes)) {
		t.Logf("  %-40s %d", k, h.codes[k])
	}
}

// hostility runs damaged files and keeps the account.
type hostility struct {
	program, base string
	limit         time.Duration // of one command

	mu      sync.Mutex
	codes   map[string]int
	bad     int
	memory  int64
	longest time.Duration
}

// try damages file number i and runs one command on it.
func (h *hostility) try(t *testing.T, list []victim, i int) {
	r := rand.New(rand.NewPCG(*mutationSeed, uint64(i)))
	v := list[r.IntN(len(list))]
	command := pickOf(r, v.commands)
	data := mutate(r, v.data, v.kind)
	dir, err := os.MkdirTemp(h.base, "try-")
	if err != nil {
		t.Error(err)
		return
	}
	defer os.RemoveAll(dir)
	v.write(t, h.base, dir, data)
	args := split(command, h.base, dir)
	e := h.run(args)
	bad := e.bad(h.limit)
	if e.took > h.limit { // perhaps the machine was busy
		os.RemoveAll(dir)
		v.write(t, h.base, dir, data)
		e = h.run(args)
		bad = e.bad(h.limit)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.codes[fmt.Sprintf("%s %d", v.name, e.code)]++
	h.memory, h.longest = max(h.memory, e.memory), max(h.longest, e.took)
	if e.code == 1 {
		t.Logf("mutation %d of %s: an internal error: %s: %.300q", i, v.name, command, e.err)
	}
	if bad != "" {
		h.bad++
		kept := filepath.Join(*hostileKept, fmt.Sprintf("%d-%d-%s", *mutationSeed, i, v.file))
		if err := errors.Join(os.MkdirAll(*hostileKept, 0o777), os.WriteFile(kept, data, 0o666)); err != nil {
			t.Log(err)
		}
		t.Errorf("mutation %d of %s (-mutation-seed %d -mutation %d), kept in %s: demote %s: exit code %d:%s: %.400q", i, v.name, *mutationSeed, i, kept, command, e.code, bad, e.err)
	}
}

// write puts the file and those around it into a folder.
func (v victim) write(t *testing.T, base, dir string, data []byte) {
	if v.tree != "" {
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(base, v.tree))); err != nil && !os.IsExist(err) {
			t.Error(err)
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, v.file), data, 0o666); err != nil {
		t.Error(err)
	}
}

// ended is how a process ended.
type ended struct {
	code     int
	signal   bool
	out, err string
	took     time.Duration
	memory   int64 // KiB
	hung     bool
}

// run runs the program to its end, or to six times the time it may take.
func (h *hostility) run(args []string) ended {
	ctx, stop := context.WithTimeout(context.Background(), 6*hostileTime)
	defer stop()
	cmd := exec.CommandContext(ctx, h.program, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	err := cmd.Run()
	e := ended{out: out.String(), err: errs.String(), took: time.Since(begin), hung: ctx.Err() != nil}
	if cmd.ProcessState == nil {
		e.err, e.code = err.Error(), -1
		return e
	}
	e.code = cmd.ProcessState.ExitCode()
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
		e.signal = s.Signaled()
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		e.memory = u.Maxrss
	}
	return e
}

// bad says what a process did that no file may make it do; empty: nothing.
func (e ended) bad(limit time.Duration) string {
	var list []string
	say := func(wrong bool, text string) {
		if wrong {
			list = append(list, " "+text)
		}
	}
	say(e.signal && !e.hung, "a signal")
	say(e.hung || e.took > limit, fmt.Sprintf("it took %.1f s", e.took.Seconds()))
	say(e.code < 0 && !e.signal || e.code > 4, "no exit code of the program")
	for _, trace := range []string{"panic:", "goroutine ", "fatal error", "runtime error", "SIGSEGV", "SIGFPE", "SIGABRT"} {
		say(strings.Contains(e.err, trace), trace)
	}
	lines := 0
	for line := range strings.Lines(e.err) {
		if strings.HasPrefix(line, "demote:") && !strings.HasPrefix(line, "demote: warning:") {
			lines++
		}
		say(len(line) > tty.LongestLine+8, fmt.Sprintf("a line of %d bytes", len(line)))
	}
	say(e.code == 2 && lines != 1, fmt.Sprintf("%d lines of demote:", lines))
	say(e.memory > hostileMemory, fmt.Sprintf("%d MiB of memory", e.memory>>10))
	text := e.err + e.out
	if strings.HasPrefix(e.out, "{") { // JSON is exact
		text = e.err
	}
	say(steersSomewhere(text) != "" || !utf8.ValidString(text), "a control character: "+steersSomewhere(text))
	return strings.Join(list, ",")
}
