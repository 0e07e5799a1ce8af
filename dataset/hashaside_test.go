package dataset

import (
	"os"
	"testing"
	"time"
)

// TestHashAside holds that a hash that is begun aside is there without being asked for, and is the one that asking
// gives, while the samples are read.
func TestHashAside(t *testing.T) {
	in := input("in", Float32, -1, 2)
	path := save(t, "x.npy", f4(300, 2))
	want, err := mustOpen(t, path, in, Options{}).sum()
	if err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path, in, Options{})
	s.HashAside()
	if err := s.CheckFinite(); err != nil {
		t.Fatal(err)
	}
	s.hash.background.Wait()
	if s.hash.sum != want {
		t.Errorf("aside %q, asked for %q", s.hash.sum, want)
	}
	if files, err := s.Files(); err != nil || len(files) != 1 || files[0].SHA256 != want {
		t.Errorf("%+v, %v", files, err)
	}
}

// TestCloseEndsAHash holds that a set which is closed does not wait for the hash of a long file, and gives none
// afterwards.
func TestCloseEndsAHash(t *testing.T) {
	const samples = 32 << 20
	head := npyBytes("<f8", false, []int{samples, 64}, []byte(nil))
	path := save(t, "x.npy", head)
	// 16 GiB of zeros that take no room on the disk
	if err := os.Truncate(path, int64(len(head))+samples*64*8); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, input("in", Float64, -1, 64), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.HashAside()
	begun := time.Now()
	if err := s.Close(); err != nil || time.Since(begun) > 2*time.Second {
		t.Errorf("closed after %v, %v", time.Since(begun), err)
	}
	if sum, err := s.sum(); err == nil {
		t.Errorf("the hash of a closed set is %s", sum)
	}
}
