package cluster

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"example.org/demote/backend/link"
)

// fullStore takes no files.
type fullStore struct {
	jetstream.ObjectStore
}

func (fullStore) GetInfo(context.Context, string, ...jetstream.GetObjectInfoOpt) (*jetstream.ObjectInfo, error) {
	return nil, jetstream.ErrObjectNotFound
}

// fullStream is what is behind it.
type fullStream struct {
	jetstream.JetStream
	why error
}

func (f fullStream) Publish(context.Context, string, []byte, ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	return nil, f.why
}

// fullChunks are the chunks of it.
type fullChunks struct{ jetstream.Stream }

func (fullChunks) Purge(context.Context, ...jetstream.StreamPurgeOpt) error { return nil }

// TestStoreIsFull holds that a store without room is told with its folder, as no worker's fault; and that what else may
// go wrong is not.
func TestStoreIsFull(t *testing.T) {
	full := &jetstream.APIError{Code: 500, ErrorCode: 10077, Description: "no space left on device"}
	for _, c := range []struct {
		why  error
		dir  string
		free int64
		want string
	}{
		{full, "/tmp/store", 1 << 40, "/tmp/store takes no more files of this search (nats: API error: code=500 err_code=10077 description=no space left on device): make room there"},
		{full, "", 1 << 40, "the NATS of option cluster takes no more files of this search"},
		{errors.New("it hangs"), "/tmp/store", 3, "/tmp/store takes no more files of this search (it hangs): make room there"},
		{errors.New("it hangs"), "/tmp/store", 1 << 40, ""},
		{context.DeadlineExceeded, "", 0, ""},
		{&jetstream.APIError{Code: 503, ErrorCode: 10008, Description: "system temporarily unavailable"}, "/tmp/store", 1 << 40, ""},
	} {
		f := &Files{js: fullStream{why: c.why}, store: fullStore{}, chunks: fullChunks{}, run: "r1", dir: c.dir, left: func(string) (int64, bool) { return c.free, true }}
		_, err := f.Put(t.Context(), []byte("a file"))
		if is := errors.Is(err, link.ErrStore); is != (c.want != "") || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v in %q: %v", c.why, c.dir, err)
		}
	}
}

// TestStoreOfAServerIsFull fills the store of a real server.
func TestStoreOfAServerIsFull(t *testing.T) {
	dir := t.TempDir()
	folder, err := Init(dir + "/cluster")
	if err != nil {
		t.Fatal(err)
	}
	b, err := listen(folder, "127.0.0.1:0", dir+"/store", nil, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	conn, err := b.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	h, err := NewCoordinator(t.Context(), conn, CoordinatorOptions{Store: dir + "/store"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close(context.Background()) }()
	begun := time.Now()
	for i := range 4 {
		data := make([]byte, 700<<10)
		data[0] = byte(i)
		if _, err = h.files.Put(t.Context(), data); err != nil {
			break
		}
	}
	if !errors.Is(err, link.ErrStore) || !strings.Contains(err.Error(), dir+"/store takes no more files of this search") || time.Since(begun) > 10*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}
}
