// Package mctq reads and writes networks with the quantizers of Sony's Model Compression Toolkit.
package mctq
