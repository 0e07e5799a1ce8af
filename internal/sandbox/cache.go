package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"example.org/demote/backend"
	"example.org/demote/disk"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
)

// Lines of the file in the user's cache folder, a network each: beyond the most, the oldest half is dropped.
const tryMost, tryKept = 4096, 2048

// tryKey identifies what a child does: the machine, ONNX Runtime, the bytes of the network with its external data,
// its inputs with their first samples and the session.
func tryKey(model ir.Message, inputs []backend.Tensor, config map[string]string) (string, error) {
	host, _ := os.Hostname()
	about, _ := json.Marshal([]any{host, runtime.GOARCH, backend.RuntimeVersion(), backend.RuntimePath(), blocks.Optimization, inputs, config})
	h := sha256.New()
	h.Write(about)
	h.Write([]byte{0})
	if err := model.Write(h); err != nil {
		return "", err
	}
	for _, v := range firstValues(inputs) {
		h.Write(v)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// tryFile returns the path of the record of tried networks; empty if the user has no cache folder.
func tryFile() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "demote", "networks-tried")
}

// tried reports whether a network was tried before. If the file is unreadable, it was not.
func tried(key string) bool { return slices.Contains(triedKeys(), key) }

// triedKeys returns the keys of the networks that were tried.
func triedKeys() []string {
	data, err := disk.Read(tryFile(), 1<<20)
	if err != nil {
		return nil
	}
	return strings.Fields(string(data))
}

// keepTried records a network. If the folder cannot be written, the network is tried again the next time.
func keepTried(key string) {
	path := tryFile()
	if path == "" || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	if all := triedKeys(); len(all) >= tryMost {
		all = append(all[len(all)-tryKept:], key)
		_ = disk.Replace(disk.Cached, disk.Bytes(path, []byte(strings.Join(all, "\n")+"\n")))
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() < 1<<20 {
		_, _ = io.WriteString(f, "\n"+key+"\n") // in one write: several processes may note at once
	} else if err == nil && info.Mode().IsRegular() {
		_ = os.Remove(path) // no reader takes one of that size
	}
}
