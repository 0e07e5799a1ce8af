package dataset

import (
	"archive/zip"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
)

func TestReadAllocatesNothing(t *testing.T) {
	x := entry{"x.npy", npyBytes("|u1", false, []int{4, 6000}, make([]byte, 24000))}
	be := npyBytes(">f4", false, []int{4, 6000}, make([]byte, 96000))
	for _, c := range []struct {
		name string
		path string
		to   Type
		o    Options
	}{
		{"stored", save(t, "s.npz", npz(zip.Store, x)), Float32, Options{}},
		{"deflated", save(t, "d.npz", npz(zip.Deflate, x)), Float32, Options{}},
		{"normalized", save(t, "s.npz", npz(zip.Store, x)), Float32, Options{Scale: []float32{2}}},
		{"direct", save(t, "s.npz", npz(zip.Store, x)), Uint8, Options{}},
		{"big-endian", save(t, "b.npy", be), Float32, Options{}},
		{"limit", save(t, "s.npz", npz(zip.Store, x)), Float16, Options{Limit: 3}},
		{"integers", save(t, "s.npz", npz(zip.Store, x)), Int64, Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustOpen(t, c.path, input("in", c.to, -1, 6000), c.o)
			dst := make([]byte, s.SampleBytes(0))
			i := 0
			if n := testing.AllocsPerRun(100, func() {
				if err := s.Read(0, i%s.Len(), dst); err != nil {
					t.Fatal(err)
				}
				i++
			}); n != 0 {
				t.Errorf("%v allocations a Read", n)
			}
		})
	}
}

// allocated runs f and returns the bytes that it allocated.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Opening, checking, hashing and reading a file allocates little however long it is.
func TestMemoryDoesNotGrow(t *testing.T) {
	const samples, per = 16, 256 << 10 // 4 MiB of uint8
	head := npyBytes("|u1", false, []int{samples, per}, []byte(nil))
	raw := save(t, "raw.npy", head)
	if err := os.Truncate(raw, int64(len(head))+samples*per); err != nil {
		t.Fatal(err)
	}
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		f, err := os.Create(fmt.Sprintf("%s/%d.npz", t.TempDir(), method))
		if err != nil {
			t.Fatal(err)
		}
		w := zip.NewWriter(f)
		e, _ := w.CreateHeader(&zip.FileHeader{Name: "x.npy", Method: method})
		e.Write(head)
		zero := make([]byte, per)
		for range samples {
			e.Write(zero)
		}
		if w.Close() != nil || f.Close() != nil {
			t.Fatal("cannot write the archive")
		}
		t.Run(fmt.Sprint("npz method ", method), func(t *testing.T) { readAll(t, f.Name()) })
	}
	t.Run("npy", func(t *testing.T) { readAll(t, raw) })
}

func readAll(t *testing.T, path string) {
	const most = 512 << 10
	if n := allocated(func() {
		s := mustOpen(t, path, input("in", Float32, -1, -1), Options{Scale: []float32{2}})
		if err := s.CheckFinite(); err != nil {
			t.Error(err)
		}
		if _, err := s.sum(); err != nil {
			t.Error(err)
		}
		if _, err := s.SampleHash(3); err != nil {
			t.Error(err)
		}
	}); n > most {
		t.Errorf("%d bytes allocated, want at most %d", n, most)
	}
}

// Several goroutines may read one set.
func TestReadConcurrently(t *testing.T) {
	x := npyBytes("|u1", false, []int{64, 3}, count[uint8](192))
	s := mustOpen(t, save(t, "x.npy", x), input("in", Float32, -1, 3), Options{})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			dst := make([]byte, 12)
			for i := range s.Len() {
				if err := s.Read(0, i, dst); err != nil {
					t.Error(err)
				}
				if v := decode(dst, Float32); v[0] != float64(3*i) || v[2] != float64(3*i+2) {
					t.Errorf("sample %d is %v", i, v)
				}
			}
		})
	}
	wait.Wait()
}

func TestMisusePanics(t *testing.T) {
	s := mustOpen(t, "testdata/f4.npy", input("in", Float32, -1, 2, 5), Options{})
	for name, f := range map[string]func(){
		"short dst":       func() { s.Read(0, 0, make([]byte, 39)) },
		"negative sample": func() { s.Read(0, -1, make([]byte, 40)) },
		"no such sample":  func() { s.Read(0, 3, make([]byte, 40)) },
		"no such name":    func() { s.Name(3) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

// Close may be called twice, and gives back every file also when Open fails.
func TestNoFileStaysOpen(t *testing.T) {
	before := openFiles(t)
	path := save(t, "d.npz", npz(zip.Deflate, entry{"x.npy", f4(3, 2)}, entry{"y.npy", f4(3)}))
	if _, err := Open(path, input("in", Float32, -1, 2), Options{}); err == nil {
		t.Error("labels of float32 are accepted")
	}
	s, err := Open(save(t, "d.npz", npz(zip.Deflate, entry{"x.npy", f4(3, 2)})), input("in", Float32, -1, 2), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files open, %d before", after, before)
	}
}

// openFiles counts this process's open files where the system lists them; elsewhere it is 0.
func openFiles(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("open files are not counted on this system")
	}
	return len(list)
}

func BenchmarkRead(b *testing.B) {
	x := npyBytes("|u1", false, []int{2, 3, 224, 224}, make([]byte, 2*3*224*224))
	s := mustOpen(b, save(b, "x.npy", x), input("in", Float32, -1, 3, 224, 224), Options{})
	dst := make([]byte, s.SampleBytes(0))
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := s.Read(0, i%2, dst); err != nil {
			b.Fatal(err)
		}
	}
}
