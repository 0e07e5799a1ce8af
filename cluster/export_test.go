package cluster

import "github.com/nats-io/nkeys"

// WithKey is the same with another key.
func (j Join) WithKey(key nkeys.KeyPair) Join {
	j.seed, _ = key.Seed()
	return j
}
