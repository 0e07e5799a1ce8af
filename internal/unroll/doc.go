// Package unroll replaces LSTM, GRU and RNN by the single operators of their definitions, step by step, so that their
// gates and states can be quantized.
package unroll
