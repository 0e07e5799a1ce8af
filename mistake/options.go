package mistake

import (
	"strings"
	"sync/atomic"
)

// flagsNamed is what NameFlags has said.
var flagsNamed atomic.Bool

// NameFlags says whether texts name flags. They do not from the start; the program's package cli has them do it before
// its first error is made. It may be called by any goroutine, and is for all of them.
func NameFlags(yes bool) { flagsNamed.Store(yes) }

// Text returns a text for the user, such as a warning, with options in the place of flags where the program has none.
// What stands between double quotes stays, since it is the user's own.
func Text(text string) string {
	if flagsNamed.Load() {
		return text
	}
	return options(text)
}

// flagNames are the program's flags. lint holds them against package cli.
var flagNames = func() map[string]bool {
	names := make(map[string]bool)
	for _, n := range strings.Fields(`
		against all allow-nan anchors batch-size bias bits blank block budget cache calib chain class-weights cluster cluster-folder confidence config cost creds curve data data-at data-root
		decode device dry-run encodings encodings-high encodings-low evaluations export fix-shapes force format formula grid grid-high grid-low
		group high holdout ignore-label input int16-share join json keep label-array labels ladder ladder-split limit log-level low max-detections max-drop
		mean members memory metric metric-cmd metric-lower metric-name metric-serve metric-timeout min-workers model multiplier name nms-iou nms-score once ort out output output-holder
		pad pin profile prove range range-high range-low reference repair reuse runs scale scan search-weights seed serve session space spool start state std
		strategy target threads time trials unroll wait weight-bits weights worker-cache worker-cache-size workers workers-at`) {
		names[n] = true
	}
	return names
}()

// The text of a quoted error lies between these while a mistake is put together, which no text for a user has.
const quoteBegin, quoteEnd = "\x02", "\x03"

// quoted is an error whose text stays as it is.
type quoted struct{ error }

func (q quoted) Error() string { return quoteBegin + q.error.Error() + quoteEnd }
func (q quoted) Unwrap() error { return q.error }

// options writes "option limit" for --limit, and so on: wherever a flag of the program stands as a word of its own,
// outside of double quotes and of quoted errors.
func options(text string) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		rest := text[at:]
		n := 1
		var shown string
		switch {
		case strings.HasPrefix(rest, quoteBegin):
			n = quoteSize(rest)
			shown = strings.NewReplacer(quoteBegin, "", quoteEnd, "").Replace(rest[:n])
		case rest[0] == '"':
			n = stringSize(rest)
			shown = rest[:n]
		case strings.HasPrefix(rest, "--") && beginsWord(text, at) && flagSize(rest) > 0:
			n = flagSize(rest)
			shown = "option " + rest[len("--"):n]
		default:
			shown = rest[:n]
		}
		out.WriteString(shown)
		at += n
	}
	return out.String()
}

// quoteSize is the size of a quoted error at the beginning of text, which may have others inside.
func quoteSize(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i : i+1] {
		case quoteBegin:
			depth++
		case quoteEnd:
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// stringSize is the size of a string with its quotes, as %q writes it, at the beginning of text; 1 for a quote alone.
func stringSize(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 1
}

// beginsWord tells whether a word may begin at a place: behind no letter, path or further dash. A slash is taken for
// one between two flags, --low/--high.
func beginsWord(text string, at int) bool {
	if at == 0 {
		return true
	}
	if text[at-1] != '/' {
		return strings.IndexByte(" ([,;:`'", text[at-1]) >= 0
	}
	before := text[:at-1]
	begin := strings.LastIndex(before, "--")
	return begin >= 0 && beginsWord(text, begin) && flagSize(before[begin:]) == len(before)-begin
}

// flagSize is the size of a flag with its dashes at the beginning of text; 0 where there is none of the program's.
func flagSize(text string) int {
	n := len("--")
	for n < len(text) && (text[n] >= 'a' && text[n] <= 'z' || text[n] >= '0' && text[n] <= '9' || text[n] == '-') {
		n++
	}
	if !flagNames[text[len("--"):n]] {
		return 0
	}
	if n == len(text) {
		return n
	}
	switch next := text[n]; {
	case next >= 'A' && next <= 'Z', next == '_', next >= 0x80:
		return 0
	case next == '.': // the end of a sentence, or a file's ending
		if n+1 < len(text) && text[n+1] != ' ' {
			return 0
		}
	case next == '/' && !strings.HasPrefix(text[n+1:], "--"):
		return 0
	}
	return n
}
