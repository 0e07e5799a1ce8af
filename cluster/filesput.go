package cluster

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"example.org/demote/backend/link"
	"example.org/demote/mistake"
)

// put is Put of a digest. A store that was lost is made again.
func (f *Files) put(ctx context.Context, d Digest, data []byte) (err error) {
	ctx, stop := context.WithTimeout(ctx, tryWithin)
	defer stop()
	if info, err := f.store.GetInfo(ctx, f.name(d)); err == nil && info.Size == uint64(len(data)) {
		return nil
	}
	for range 2 {
		if err = f.write(ctx, d, data); !isMissing(err) {
			break
		}
		if _, err := madeStore(ctx, f.js); err != nil {
			return f.refused(err, len(data))
		}
	}
	return f.refused(err, len(data))
}

// write publishes a file chunk by chunk, and behind them what the store says of a file. The store's own way leaves a
// goroutine behind for some of the files.
func (f *Files) write(ctx context.Context, d Digest, data []byte) (err error) {
	id := token()
	chunks := "$O." + bucket + ".C." + id
	defer func() {
		if err != nil {
			short, stop := context.WithTimeout(context.WithoutCancel(ctx), chunkWithin)
			defer stop()
			_ = f.chunks.Purge(short, jetstream.WithPurgeSubject(chunks))
		}
	}()
	info := jetstream.ObjectInfo{Bucket: bucket, NUID: id, Size: uint64(len(data)), Digest: "SHA-256=" + base64.URLEncoding.EncodeToString(d[:]),
		ObjectMeta: jetstream.ObjectMeta{Name: f.name(d), Opts: &jetstream.ObjectMetaOptions{ChunkSize: pieceBytes}}}
	for chunk := range slices.Chunk(data, pieceBytes) {
		if _, err := f.js.Publish(ctx, chunks, chunk); err != nil {
			return err
		}
		info.Chunks++
	}
	m := nats.NewMsg(metaSubject(info.Name))
	m.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	if m.Data, err = json.Marshal(info); err != nil {
		return err
	}
	_, err = f.js.PublishMsg(ctx, m)
	return err
}

// putAgain puts a file again that was put before, and says whether it is there now.
func (f *Files) putAgain(ctx context.Context, d Digest) bool {
	if f.kept == nil {
		return false
	}
	data, is := f.kept.get(d)
	if !is {
		return false
	}
	_, err, _ := f.puts.Do(f.name(d), func() (any, error) { return nil, f.put(ctx, d, data) })
	return err == nil
}

// forget removes what is kept to be put again.
func (f *Files) forget() {
	if f.kept != nil {
		f.kept.Close()
	}
}

// isMissing says whether an error is that a file is not there, or that nothing of the store is.
func isMissing(err error) bool {
	for _, missing := range []error{jetstream.ErrObjectNotFound, jetstream.ErrStreamNotFound, jetstream.ErrBucketNotFound, jetstream.ErrMsgNotFound, jetstream.ErrNoStreamResponse, nats.ErrNoResponders} {
		if errors.Is(err, missing) {
			return true
		}
	}
	return false
}

// noRoom are JetStream's codes of a store that is full: the resources of the account, of the server, of its storage,
// and that it could not store a message.
var noRoom = []jetstream.ErrorCode{10002, 10023, 10047, 10077}

// refused is an error of putting so many bytes; where the store has no room for them it matches link.ErrStore.
func (f *Files) refused(err error, bytes int) error {
	if err == nil {
		return nil
	}
	said, is := errors.AsType[*jetstream.APIError](err)
	full := is && slices.Contains(noRoom, said.ErrorCode)
	if free, ok := f.left(f.dir); f.dir != "" && ok && free < int64(bytes) {
		full = true
	}
	if !full {
		return err
	}
	return &storeError{f.dir, err}
}

// storeError says that the files of a search have no room where they lie.
type storeError struct {
	dir string
	why error
}

// Error implements error.
func (e *storeError) Error() string {
	if e.dir == "" {
		return mistake.Text(fmt.Sprintf("the NATS of --cluster takes no more files of this search (%v): have its administrator make room, and give the same command: what was found so far is kept", e.why))
	}
	return fmt.Sprintf("%s takes no more files of this search (%v): make room there, or have TMPDIR name another folder, and give the same command: what was found so far is kept", e.dir, e.why)
}

// Is says that it is link.ErrStore.
func (e *storeError) Is(target error) bool { return target == link.ErrStore }
