// Package prepare makes networks of models: of float ones all of it, of quantized ones what their readers have in
// common.
package prepare
