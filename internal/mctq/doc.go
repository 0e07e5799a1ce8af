// Package mctq reads and writes networks with the quantizers of Sony's Model Compression Toolkit (mct_quantizers).
package mctq
