// Package unroll makes single operators of LSTM, GRU and RNN.
package unroll
