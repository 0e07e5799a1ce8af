package cgo

// Encode and Decode with a chosen instruction set.
var (
	EncodeISA = encode
	DecodeISA = decode
)
