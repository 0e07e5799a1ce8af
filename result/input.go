package result

// An Input is a file that a run has read, or a folder of samples.
type Input struct {
	Role   string `json:"role"` // model, data, ...: the flag that names it, where one does
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}
