package cluster

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"syscall"

	"github.com/nats-io/nkeys"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// A Join is what a worker takes part with: its file is the authority's certificate and the worker's own key, and is
// secret.
type Join struct {
	Name      string // that the worker has joined as
	Authority []byte // certificate, PEM
	seed      []byte
}

const (
	seedType      = "NKEY SEED"
	nameHeader    = "Name" // of the seed
	mostJoinBytes = 64 << 10
)

// Write writes the file of a worker, readable by its owner alone. It refuses one that is there.
func (j Join) Write(path string) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return mistake.Errorf("%s is there already: a worker's file is written once; take another name", path)
	}
	if err != nil {
		return mistake.Errorf("%w", err)
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}()
	_, err = file.Write(append(bytes.Clone(j.Authority), pem.EncodeToMemory(&pem.Block{Type: seedType, Headers: map[string]string{nameHeader: j.Name}, Bytes: j.seed})...))
	return err
}

// ReadJoin reads the file of a worker. One that others may read is refused.
func ReadJoin(path string) (j Join, err error) {
	if err := checkSecret(path); err != nil {
		return j, err
	}
	data, err := disk.Read(path, mostJoinBytes)
	if err != nil {
		return j, mistake.Errorf("%s: %w", path, err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			j.Authority = append(j.Authority, pem.EncodeToMemory(block)...)
		case seedType:
			j.seed, j.Name = block.Bytes, block.Headers[nameHeader]
		}
	}
	if _, err := nkeys.FromSeed(j.seed); err != nil || len(j.Authority) == 0 || !goodName.MatchString(j.Name) {
		return j, mistake.Errorf("%s is no worker's file: demote cluster join NAME writes one", path)
	}
	if _, ok := clientTLS(j.Authority); !ok {
		return j, mistake.Errorf("%s: its certificate is damaged: have the worker join anew", path)
	}
	return j, nil
}

// checkSecret refuses a file with a key in it that others may read.
func checkSecret(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return mistake.Errorf("%w", err)
	}
	if info.IsDir() {
		return mistake.Errorf("%s is a folder: name the file in it", path)
	}
	owner := os.Getuid()
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(s.Uid)
	}
	if mode := info.Mode().Perm(); tooOpen(mode, owner, os.Getuid()) {
		return mistake.Errorf("%s may be read by others (%v), and has a key in it: chmod 600 %s, and have the worker join anew if they could be others'", path, mode, path)
	}
	return nil
}

// tooOpen tells whether others than its user can use a file with a key. The group may read a file that somebody else
// owns: that is how systemd and Kubernetes hand over secrets.
func tooOpen(mode os.FileMode, owner, user int) bool {
	return mode&0o007 != 0 || mode&0o030 != 0 || mode&0o040 != 0 && owner == user
}
