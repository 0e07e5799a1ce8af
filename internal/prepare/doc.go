// Package prepare turns models into networks that are ready to be quantized: float models completely, and for quantized
// files the steps that all their readers share.
package prepare
