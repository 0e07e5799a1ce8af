// Command gate checks what NVIDIA's compilers made from kernels.cu: the PTX holds only operations whose bits are
// defined, ptxas kept every kernel in registers on every architecture, and the table of registers and occupancy in
// docs/gpu.md is up to date.
//
//	gate -ptx kernels.ptx -logs DIR -docs docs/gpu.md [-write]
//
// DIR holds a file sm_NN.log with what `ptxas -v -arch=sm_NN` printed, for each architecture. With -write the table is
// replaced instead of compared. Form only: that the operations are the right ones is what the comparison of values with
// package quant shows.
package main
