package machine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.org/demote/backend/link"
)

// nobodyError says that no worker is left, why the last one is gone, and how long another one was waited for.
type nobodyError struct {
	why      error
	patience time.Duration
}

// Error implements error.
func (e nobodyError) Error() string {
	if e.patience == 0 {
		return e.why.Error()
	}
	return fmt.Sprintf("%v, and no other one came within %v", e.why, e.patience)
}

// Unwrap is why the last one is gone.
func (e nobodyError) Unwrap() error { return e.why }

// tellWaiting says that no worker is left. tell may be nil.
func tellWaiting(tell func(text string), patience time.Duration) {
	if tell != nil && patience > 0 {
		tell(fmt.Sprintf("no worker is left: waiting %v for another one", patience))
	}
}

// refill waits until a worker has come and is ready, where none is left. Its error says why the search does not go on;
// it waits once.
func (f *Members) refill(ctx context.Context, why error) error {
	r := f.recruits
	if r == nil {
		return why
	}
	if r.nobody != nil {
		return r.nobody
	}
	patience := r.late.Patience()
	tellWaiting(f.opts.Tell, patience)
	late := time.NewTimer(patience)
	defer late.Stop()
	for over := false; ; {
		if f.enlist(); !f.Bare() {
			return nil
		}
		f.summon()
		if over && len(r.coming) == 0 {
			r.nobody = nobodyError{why, patience}
			return r.nobody
		}
		select {
		case <-r.news:
		case <-r.late.Came():
		case <-late.C:
			over = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Await waits for workers, where none is left of those that something was asked of, and returns links to at most so
// many. The error says why the search does not go on, and begins with what is said of the last worker.
func Await(ctx context.Context, l link.Late, most int, tell func(text string), why error) ([]link.Link, error) {
	if errors.As(why, new(nobodyError)) { // it was waited for
		return nil, why
	}
	patience := l.Patience()
	tellWaiting(tell, patience)
	late := time.NewTimer(patience)
	defer late.Stop()
	for over := false; ; {
		if list := l.Come(most); len(list) > 0 {
			return list, nil
		}
		if over {
			return nil, nobodyError{why, patience}
		}
		select {
		case <-l.Came():
		case <-late.C:
			over = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
