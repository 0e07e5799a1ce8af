// Package qdq reads and writes networks with QuantizeLinear and DequantizeLinear.
package qdq
