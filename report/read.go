package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"example.org/demote/result"
)

// Names of the files in a run folder that the report reads, looks for or writes.
const (
	curveFile   = "curve.csv"
	journalFile = "journal.db"
	// File is what Write calls the page.
	File = "report.html"
)

// Result is the content of result.json, with the config as a map by field names. Fields that the file lacks are zero;
// Run.Has reports which fields it has.
type Result = result.Result[map[string]any]

// A Run is the readable content of a run folder.
type Run struct {
	Dir string
	Result
	Problems []string // what could not be read or is inconsistent, a line each

	fields map[string]bool // of result.json, those that were read
	begins bool            // there is nothing to read yet
}

// Begins is a run that has written no result yet.
func Begins(dir string) *Run { return &Run{Dir: dir, begins: true} }

// Has reports whether result.json has a field, by its name there, and it could be read.
func (r *Run) Has(field string) bool { return r.fields[field] }

// Read reads a run folder. It never fails: Run.Problems says what is missing or damaged, and Run.Shown whether anything
// is left.
func Read(dir string) *Run {
	r := &Run{Dir: dir, fields: map[string]bool{}}
	data, err := result.Read(dir)
	switch {
	case err == nil:
		r.decode(data)
	case !isFolder(dir):
		r.problem("%s", notARun(dir))
	case !errors.Is(err, os.ErrNotExist):
		r.problem("%s: %v", result.File, plain(err))
	case exists(filepath.Join(dir, journalFile)):
		r.problem("%s is missing: the run was stopped before it found a mix; the same command resumes it", result.File)
	case exists(filepath.Join(dir, curveFile)):
		r.problem("%s is missing", result.File)
	default:
		r.problem("%s", notARun(dir))
	}
	if len(r.Chain) == 0 {
		r.readCurve()
	}
	r.check()
	return r
}

// Shown reports whether the folder has any data of a run.
func (r *Run) Shown() bool {
	return len(r.fields) > 0 || len(r.Chain) > 0 || exists(filepath.Join(r.Dir, journalFile))
}

func (r *Run) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

func notARun(dir string) string {
	if _, err := os.Stat(dir); err != nil {
		return "not a run folder: " + plain(err).Error()
	}
	if !isFolder(dir) {
		return "not a run folder: it is a file"
	}
	return "not a run folder of demote: it has neither " + result.File + " nor " + journalFile
}

// decode reads result.json field by field. A damaged field does not affect the others, and all fields before the end of
// a truncated file are kept.
func (r *Run) decode(data []byte) {
	targets := map[string]reflect.Value{}
	v := reflect.ValueOf(&r.Result).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		targets[name] = v.Field(i)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		r.problem("%s: damaged: not a JSON object", result.File)
		return
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			r.damaged(d, "", err)
			return
		}
		name, _ := key.(string)
		to, known := targets[name]
		if !known {
			to = reflect.New(reflect.TypeFor[skipped]()).Elem()
		}
		n := len(r.Problems)
		err = r.field(d, name, to)
		if known && (len(r.Problems) == n || to.Kind() == reflect.Slice && to.Len() > 0) {
			r.fields[name] = err == nil || to.Kind() == reflect.Slice
		}
		if err != nil {
			r.damaged(d, name, err)
			return
		}
	}
	if _, err := d.Token(); err != nil {
		r.damaged(d, "", err)
	}
	switch {
	case !r.Has("schema_version"):
		r.problem("%s: it has no schema_version; what follows is what could be recognized", result.File)
	case r.SchemaVersion != result.Schema:
		age := "an older"
		if r.SchemaVersion > result.Schema {
			age = "a newer"
		}
		r.problem("%s: written by %s version of demote (schema_version %d, this one reads %d); what follows is what could be recognized",
			result.File, age, r.SchemaVersion, result.Schema)
	}
}

// field reads one value. An error ends the file; a value of another type is a problem of its own.
func (r *Run) field(d *json.Decoder, name string, to reflect.Value) error {
	if to.Kind() == reflect.Slice {
		return r.list(d, name, to)
	}
	return r.into(d, name, to)
}

// list reads an array element by element, so that those before a damaged one are kept.
func (r *Run) list(d *json.Decoder, name string, to reflect.Value) error {
	t, err := d.Token()
	if err != nil || t == nil {
		return err // null is the empty list
	}
	if t != json.Delim('[') {
		r.problem("%s: field %q is not a list", result.File, name)
		return skipRest(d, t)
	}
	wrong := len(r.Problems)
	for d.More() {
		element := reflect.New(to.Type().Elem()).Elem()
		n := len(r.Problems)
		if err := r.into(d, name, element); err != nil {
			return err
		}
		if len(r.Problems) == n {
			to.Set(reflect.Append(to, element))
		}
		r.Problems = r.Problems[:min(len(r.Problems), wrong+1)] // said once a list
	}
	_, err = d.Token()
	return err
}

// skipped is the value of an unknown field, which is ignored.
type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }

func (r *Run) into(d *json.Decoder, name string, to reflect.Value) error {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, to.Addr().Interface()); err != nil {
		r.problem("%s: field %q is damaged: %v", result.File, name, plain(err))
		to.SetZero()
	}
	return nil
}

// skipRest passes over what is left of a value whose first token was read.
func skipRest(d *json.Decoder, first json.Token) error {
	depth := 0
	for t := first; ; {
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if t, err = d.Token(); err != nil {
			return err
		}
	}
}

func (r *Run) damaged(d *json.Decoder, field string, err error) {
	in := ""
	if field != "" {
		in = fmt.Sprintf(" in field %q", field)
	}
	what := plain(err).Error()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		what = "the file ends early"
	}
	r.problem("%s: damaged at byte %d%s: %s; what stands before it is shown", result.File, d.InputOffset(), in, what)
}

// check records inconsistencies, and removes data that no picture can show.
func (r *Run) check() {
	for i := range r.Holders {
		r.Holders[i].Index = i
	}
	known := map[string]bool{}
	for _, h := range r.Holders {
		known[h.Name] = true
	}
	if len(known) > 0 {
		if len(known) != len(r.Holders) {
			r.problem("%s: two holders have the same name", result.File)
		}
		r.strangers("chain", names(r.Chain), known)
		r.strangers("promotion", r.Promotion, known)
	}
}

func (r *Run) strangers(field string, list []string, known map[string]bool) {
	for _, name := range list {
		if !known[name] {
			r.problem("%s: %s names %q, which is no holder", result.File, field, short(name))
			return
		}
	}
}

func names(chain []result.Step) []string {
	list := make([]string, len(chain))
	for i, s := range chain {
		list[i] = s.Holder
	}
	return list
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// plain takes the operation and path from an error of the file system, and the names of Go types from one of JSON.
func plain(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		at := ""
		if wrong.Field != "" {
			at = " at " + wrong.Field
		}
		return fmt.Errorf("a %s%s", wrong.Value, at)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
