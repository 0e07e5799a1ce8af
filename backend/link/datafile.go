package link

import "crypto/sha256"

// A DataFile is a file that lies on the workers too, with the samples of a search as they travel. It is what "data" is
// given.
type DataFile struct {
	Path    string // on a worker
	SHA256  Digest
	Size    int64
	Offsets []int64 // by input: row r lies r times the bytes of a sample behind it
	Rows    File    // of each sample its row, 4 bytes, little-endian; empty: the sample's number
	// in place of both, where samples have several shapes: of each sample where each input lies, 8 bytes, little-endian
	Places File
}

// FileOf is the file that Put makes of bytes, without putting it.
func FileOf(data []byte) (f File) {
	f.Size = int64(len(data))
	for len(data) > 0 {
		piece := data[:min(len(data), FileBytes)]
		f.Pieces, data = append(f.Pieces, sha256.Sum256(piece)), data[len(piece):]
	}
	return f
}
