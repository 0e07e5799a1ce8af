package machine

import (
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"example.org/demote/backend/fleet"
	"example.org/demote/crash"
)

// each calls a function of every one of members, all at once, and returns the first error. Where some of them are gone,
// it calls those that are there once more, since these have the blocks then; where none is left, those that come.
func (f *Members) each(call func(m part) error) error {
	for {
		var all errgroup.Group
		list := f.members()
		gone := make([]error, len(list))
		for at, m := range list {
			all.Go(func() (err error) {
				defer crash.Catch(&err)
				if err = call(m); errors.Is(err, fleet.ErrGone) {
					gone[at], err = err, nil
				}
				return err
			})
		}
		if err := all.Wait(); err != nil {
			return err
		}
		left := len(list) > 0
		for at, why := range gone {
			if why != nil {
				left = false
				if err := f.without(list[at], why); err != nil {
					return err
				}
			}
		}
		switch {
		case left:
			return nil
		case f.Bare():
			if err := f.Fill(f.ctx); err != nil {
				return err
			}
		case len(list) == 0:
			return nil
		}
	}
}

// without goes on without a member that is gone, whose blocks the others have, or who comes, where none is left. The
// error is that nobody has.
func (f *Members) without(m part, why error) error {
	if f.Leave(f.number(m), why) != nil {
		return f.Fill(f.ctx)
	}
	return nil
}

// askAll is each of a function that returns something: what those say that are there at the end, by member.
func askAll[T any](f *Members, call func(m part) (T, error)) (said map[part]T, err error) {
	var mu sync.Mutex
	said = map[part]T{}
	err = f.each(func(m part) error {
		v, err := call(m)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			said[m] = v
		}
		return err
	})
	for m := range said {
		if f.Lost(f.number(m)) != nil {
			delete(said, m)
		}
	}
	return said, err
}

// askOne asks the member that is chosen, and where it is gone the one that is chosen then.
func askOne[T any](f *Members, choose func() part, call func(m part) (T, error)) (v T, err error) {
	for {
		m := choose()
		if v, err = call(m); !errors.Is(err, fleet.ErrGone) {
			return v, err
		}
		if err := f.without(m, err); err != nil {
			return v, err
		}
	}
}
