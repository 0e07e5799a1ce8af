package cluster_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"example.org/demote/cluster"
)

// Workers that join and are revoked at once are all taken note of.
func TestFolderIsChangedAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	if _, err := cluster.Init(dir); err != nil {
		t.Fatal(err)
	}
	const workers = 16
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			f, err := cluster.OpenFolder(dir)
			if err != nil {
				t.Error(err)
				return
			}
			for _, name := range []string{fmt.Sprintf("stays-%d", i), fmt.Sprintf("goes-%d", i)} {
				if _, err := f.Join(name, time.Now()); err != nil {
					t.Error(err)
				}
			}
			if err := f.Revoke(fmt.Sprintf("goes-%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f, err := cluster.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	list, err := f.Workers()
	if err != nil || len(list) != workers {
		t.Fatalf("%d workers (%v), not %d", len(list), err, workers)
	}
}
