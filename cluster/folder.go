package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/nats-io/nkeys"
	"golang.org/x/sys/unix"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// Files of a Folder. All of them but the authority's certificate and the list are secret, and readable by their owner
// alone.
const (
	authorityFile   = "ca.pem"
	authorityKey    = "ca.key"
	serverFile      = "server.pem" // certificate and key
	coordinatorFile = "coordinator.nk"
	workersFile     = "workers.json"
)

// A Worker is what a cluster knows of one: a name for people, and the public half of its key.
type Worker struct {
	Name   string    `json:"name"`
	Key    string    `json:"key"`
	Joined time.Time `json:"joined"`
}

// A Folder holds the credentials of a cluster, at the coordinator. It may be changed by several processes at once.
type Folder struct{ dir string }

// Init makes the credentials of a new cluster in a folder that is not there, or empty.
func Init(dir string) (*Folder, error) {
	switch entries, err := os.ReadDir(dir); {
	case err == nil && len(entries) > 0:
		return nil, mistake.Errorf("%s is not empty: give a new folder, or use the cluster that is there", dir)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return nil, mistake.Errorf("%w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, mistake.Errorf("%w", err)
	}
	f := &Folder{dir}
	files, err := newAuthority()
	if err != nil {
		return nil, err
	}
	key, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	if files[coordinatorFile], err = key.Seed(); err != nil {
		return nil, err
	}
	files[workersFile] = []byte("[]\n")
	for name, data := range files {
		if err := os.WriteFile(f.path(name), data, 0o600); err != nil {
			return nil, fmt.Errorf("cannot make the cluster's credentials: %w", err)
		}
	}
	return f, disk.SyncFolder(dir)
}

// OpenFolder opens the credentials that Init has made.
func OpenFolder(dir string) (*Folder, error) {
	f := &Folder{dir}
	for _, name := range []string{authorityFile, serverFile, coordinatorFile, workersFile} {
		if _, err := os.Stat(f.path(name)); err != nil {
			return nil, mistake.Errorf("%s holds no credentials of a cluster: %s is missing; demote cluster init %s makes them", dir, name, dir)
		}
	}
	return f, nil
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, name) }

// Workers are those that may take part, in the order in which they have joined.
func (f *Folder) Workers() (list []Worker, err error) {
	data, err := disk.Read(f.path(workersFile), mostWorkersBytes)
	if err != nil {
		return nil, mistake.Errorf("%s: %w", f.path(workersFile), err)
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, mistake.Errorf("%s: %w", f.path(workersFile), err)
	}
	for _, w := range list {
		if !nkeys.IsValidPublicUserKey(w.Key) {
			return nil, mistake.Errorf("%s: worker %q has no key", f.path(workersFile), w.Name)
		}
	}
	return list, nil
}

// mostWorkersBytes is the most that a list of workers may take; a worker takes 150.
const mostWorkersBytes = 16 << 20

// goodName is a name that is one token of a subject and a file's name.
var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// Join lets a worker take part from the next connection on, and returns its file. The key in it is nowhere else.
func (f *Folder) Join(name string, now time.Time) (Join, error) {
	if err := CheckName(name); err != nil {
		return Join{}, err
	}
	authority, err := disk.Read(f.path(authorityFile), mostJoinBytes)
	if err != nil {
		return Join{}, mistake.Errorf("%w", err)
	}
	key, err := nkeys.CreateUser()
	if err != nil {
		return Join{}, err
	}
	public, err := key.PublicKey()
	if err != nil {
		return Join{}, err
	}
	seed, err := key.Seed()
	if err != nil {
		return Join{}, err
	}
	return Join{Name: name, Authority: authority, seed: seed}, f.change(func(list []Worker) ([]Worker, error) {
		if slices.ContainsFunc(list, func(w Worker) bool { return w.Name == name }) {
			return nil, mistake.Errorf("worker %s has joined already: give another name, or revoke it first", name)
		}
		return append(list, Worker{name, public, now.UTC().Truncate(time.Second)}), nil
	})
}

// Revoke ends a worker's right to take part. A server that runs drops its connection when it is told of the new list.
func (f *Folder) Revoke(name string) error {
	return f.change(func(list []Worker) ([]Worker, error) {
		left := slices.DeleteFunc(slices.Clone(list), func(w Worker) bool { return w.Name == name })
		if len(left) == len(list) {
			return nil, mistake.Errorf("no worker is called %q; %s lists them", name, f.path(workersFile))
		}
		return left, nil
	})
}

// change puts another list of workers in place of the one there is. Processes that change it at once follow each other,
// by a lock on the folder; where it cannot be locked they ought not to.
func (f *Folder) change(to func([]Worker) ([]Worker, error)) error {
	lock, err := os.Open(f.path("."))
	if err != nil {
		return mistake.Errorf("%w", err)
	}
	defer lock.Close()
	for errors.Is(unix.Flock(int(lock.Fd()), unix.LOCK_EX), unix.EINTR) {
	}
	list, err := f.Workers()
	if err != nil {
		return err
	}
	if list, err = to(list); err != nil {
		return err
	}
	data, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return err
	}
	return disk.Replace(disk.Forced, disk.Bytes(f.path(workersFile), append(data, '\n')))
}

// CheckName is a mistake where no worker may be called so.
func CheckName(name string) error {
	if !GoodName(name) {
		return mistake.Errorf("worker %q: give a name of letters, digits, - and _, 63 at most, that is not the coordinator's", name)
	}
	return nil
}

// GoodName tells whether a worker may be called so.
func GoodName(name string) bool { return goodName.MatchString(name) && name != coordinatorName }
