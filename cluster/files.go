package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/singleflight"

	"example.org/demote/backend/link"
	"example.org/demote/disk"
)

// MostBytes is the most that a file on the way may have.
const MostBytes = link.FileBytes

// A Digest is the sha256 of a file's bytes, by which it is named.
type Digest = link.Digest

// Files are the files of a run on the way to workers.
type Files struct {
	js     jetstream.JetStream
	store  jetstream.ObjectStore
	chunks jetstream.Stream // behind the store
	run    string
	puts   singleflight.Group // under way, by digest: workers get the same files at once

	dir  string // that the store lies in, of a server of this process; empty: it is others'
	left func(dir string) (bytes int64, ok bool)
	kept *Cache // of what was put, so that it can be put again; nil: the store is this process's, and loses nothing
}

// NewFiles makes room for the files of a run, at the coordinator.
func NewFiles(ctx context.Context, c *nats.Conn, run string) (*Files, error) {
	js, err := jetstream.New(c)
	if err != nil {
		return nil, err
	}
	store, err := madeStore(ctx, js)
	if err != nil {
		return nil, fmt.Errorf("no room for files: %w", err)
	}
	return filesOf(ctx, js, store, run)
}

// madeStore is the store of all runs, made where it is not there.
func madeStore(ctx context.Context, js jetstream.JetStream) (jetstream.ObjectStore, error) {
	return js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: bucket, Storage: jetstream.FileStorage, Replicas: 1})
}

// OpenFiles opens the files of a run, at a worker.
func OpenFiles(ctx context.Context, c *nats.Conn, run string) (*Files, error) {
	js, err := jetstream.New(c)
	if err != nil {
		return nil, err
	}
	store, err := js.ObjectStore(ctx, bucket)
	if err != nil {
		return nil, fmt.Errorf("the coordinator has no files: %w", err)
	}
	return filesOf(ctx, js, store, run)
}

// makeStore sees to a store on a connection that was made again: the server may be another one.
func (f *Files) makeStore() {
	ctx, stop := context.WithTimeout(context.Background(), tryWithin)
	defer stop()
	_, _ = madeStore(ctx, f.js) // else putting says what is wrong
}

func filesOf(ctx context.Context, js jetstream.JetStream, store jetstream.ObjectStore, run string) (*Files, error) {
	chunks, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("the coordinator has no files: %w", err)
	}
	return &Files{js: js, store: store, chunks: chunks, run: run, left: disk.Left}, nil
}

// name is what a file is called among those of all runs.
func (f *Files) name(d Digest) string { return f.run + "/" + d.String() }

// metaSubject is the subject of the message that the store keeps about a file.
func metaSubject(name string) string {
	return "$O." + bucket + ".M." + base64.URLEncoding.EncodeToString([]byte(name))
}

// Clear removes the files of the run.
func (f *Files) Clear(ctx context.Context) error {
	list, err := f.store.List(ctx)
	if errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, info := range list {
		if strings.HasPrefix(info.Name, f.run+"/") {
			if err := f.store.Delete(ctx, info.Name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
				return err
			}
			// what says that it was deleted would stay: 300 bytes a block in each run
			if err := f.chunks.Purge(ctx, jetstream.WithPurgeSubject(metaSubject(info.Name))); err != nil {
				return err
			}
		}
	}
	return nil
}

// Put puts a file of at most MostBytes, unless it is there, and returns its digest.
func (f *Files) Put(ctx context.Context, data []byte) (d Digest, err error) {
	d = sha256.Sum256(data)
	if len(data) > MostBytes {
		return d, fmt.Errorf("a file of %d bytes: %d at most", len(data), MostBytes)
	}
	_, err, _ = f.puts.Do(f.name(d), func() (any, error) {
		if err := f.put(ctx, d, data); err != nil {
			return nil, err
		}
		if f.kept != nil {
			_ = f.kept.put(d, data) // without, a worker that misses it is left out
		}
		return nil, nil
	})
	return d, err
}

// tries is how often a file is fetched that does not come, and tryWithin how long each may take: 1 MB/s.
const tries, tryWithin = 3, time.Minute

// Get fetches a file. One that does not come within a time, or whose bytes do not have the digest, is fetched again;
// then the error of the latter matches ErrDigest.
func (f *Files) Get(ctx context.Context, d Digest) (data []byte, err error) {
	for range tries {
		short, stop := context.WithTimeout(ctx, tryWithin) // without one the library has 5 s
		data, err = f.get(short, d)
		stop()
		if err == nil || ctx.Err() != nil || isMissing(err) {
			break
		}
	}
	return data, err
}

// ErrDigest says that a file's bytes are not those that its name promises.
var ErrDigest = errors.New("its bytes do not have its digest")

// chunkWithin is how long a chunk of a file may take.
const chunkWithin = 10 * time.Second

// get asks for chunk by chunk. The store's own way is a consumer: workers that may make some could take all that there
// can be, end those of others, and have files said on any subject without end.
func (f *Files) get(ctx context.Context, d Digest) ([]byte, error) {
	info, err := f.store.GetInfo(ctx, f.name(d))
	if err != nil {
		return nil, fmt.Errorf("file %v: %w", d, err)
	}
	if info.Size > MostBytes {
		return nil, fmt.Errorf("file %v of %d bytes: %d at most: %w", d, info.Size, MostBytes, ErrDigest)
	}
	data := make([]byte, 0, info.Size)
	for at := uint64(1); uint64(len(data)) < info.Size; {
		chunk, err := f.chunk(ctx, at, info.NUID)
		if err != nil {
			return nil, fmt.Errorf("file %v: %w", d, err)
		}
		if len(chunk.Data) == 0 || uint64(len(data)+len(chunk.Data)) > info.Size {
			return nil, fmt.Errorf("file %v: %w", d, ErrDigest)
		}
		data, at = append(data, chunk.Data...), chunk.Sequence+1
	}
	if sha256.Sum256(data) != d {
		return nil, fmt.Errorf("file %v: %w", d, ErrDigest)
	}
	return data, nil
}

// chunk is the first one of a file from a place of the stream on.
func (f *Files) chunk(ctx context.Context, at uint64, file string) (*jetstream.RawStreamMsg, error) {
	ctx, stop := context.WithTimeout(ctx, chunkWithin)
	defer stop()
	return f.chunks.GetMsg(ctx, at, jetstream.WithGetMsgSubject("$O."+bucket+".C."+file))
}
