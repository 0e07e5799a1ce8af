package disk

import "golang.org/x/sys/unix"

// Left is how many bytes an ordinary user can still write in a folder's file system; ok is false where it does not say.
func Left(dir string) (bytes int64, ok bool) {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}
