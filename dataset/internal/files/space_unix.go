//go:build linux || darwin

package files

import "golang.org/x/sys/unix"

// freeSpace is the number of bytes that an ordinary user can still write in a folder's file system.
func freeSpace(dir string) (int64, bool) {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}
