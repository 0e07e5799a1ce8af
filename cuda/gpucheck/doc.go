// Command gpucheck is the part of `make gpu-check` that asks the device itself: it runs the kernels against package
// quant, times them, and writes what it finds as gpu-report.txt and gpu-report.json. Built without the tag cuda it only
// says so.
//
//	gpucheck [-device N] [-stride N] [-tests FILE] [-bench FILE] [-out DIR]
//	gpucheck -ask [-device N]
//
// The files are the output of `go test -json`, whose outcomes go into the report, and of `demote bench --json`. With
// -ask it only says whether the GPU can be used.
package main
