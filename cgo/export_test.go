package cgo

// What tests see beyond the package's own names.
var (
	EncodeISA       = encode
	DecodeISA       = decode
	Load            = load
	CheckLayout     = checkLayout
	CheckFirstField = checkFirstField
)
