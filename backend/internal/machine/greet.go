package machine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/backend/link"
	"example.org/demote/crash"
)

// greetTime is how long a worker may take to say what it is: its GPU may have to be woken.
const greetTime = time.Minute

// Greet asks workers elsewhere, all at once, on what they run. Each says so, or there is an error in its place.
func Greet(ctx context.Context, list []link.Link) (said []device.Info, errs []error) {
	said, errs = make([]device.Info, len(list)), make([]error, len(list))
	ctx, cancel := context.WithTimeout(ctx, greetTime)
	defer cancel()
	var all sync.WaitGroup
	for i, l := range list {
		all.Go(func() {
			defer crash.Catch(&errs[i])
			said[i], errs[i] = greetOne(ctx, l)
		})
	}
	all.Wait()
	return said, errs
}

func greetOne(ctx context.Context, l link.Link) (device.Info, error) {
	var h link.Hello
	broken, said, _ := link.Ask(ctx, l, "hello", nil, &h)
	if err := errors.Join(broken, said); err != nil {
		return h.Device, fmt.Errorf("%s: %w", l.Name(), err)
	}
	h.Device.Fill = h.Fill
	return h.Device, nil
}
