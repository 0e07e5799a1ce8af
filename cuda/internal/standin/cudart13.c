/* What CUDA 13's runtime has beside CUDA 12's: launches by kernel handle, and cudaGetDeviceProperties for the properties of CUDA 13. */
#include <string.h>

#include "notes.h"

typedef struct { unsigned x, y, z; } dim3;
int cudaLaunchKernel(const void *function, dim3 grid, dim3 block, void **arguments, size_t shared, void *stream);

int __cudaGetKernel(const void **kernel, const void *function) { return *kernel = function, 0; }
int __cudaLaunchKernel(const void *kernel, dim3 grid, dim3 block, void **arguments, size_t shared, void *stream) {
  return cudaLaunchKernel(kernel, grid, block, arguments, shared, stream);
}

int cudaStreamIsCapturing(void *stream, int *status) { return (void)stream, *status = 0, 0; }
int cudaStreamCreate(void **stream) {
  static char handle[16];
  return *stream = handle, 0;
}

/* Offsets in cudaDeviceProp of CUDA 13, 1008 bytes (CUDA runtime API documentation). */
int cudaGetDeviceProperties(char *p, int device) {
  static const struct { int offset, value; } ints[] = {
    {304, 65536}, {308, 32}, {320, 1024}, {324, 1024}, {328, 1024}, {332, 64}, {336, 2147483647}, {340, 65535}, {344, 65535},
    {360, 9}, {364, 0}, {384, 132}, {596, 52428800}, {604, 2048}, {632, 65536}, {688, 32},
  };
  static const struct { int offset; size_t value; } sizes[] = {{288, (size_t)16 << 30}, {296, 49152}, {352, 65536}, {624, 233472}, {672, 232448}};
  if (device != 0) return 101;
  memset(p, 0, 1008);
  strcpy(p, "EMULATED device (stand-in CUDA runtime, no GPU)");
  for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) memcpy(p + ints[i].offset, &ints[i].value, sizeof(int));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) memcpy(p + sizes[i].offset, &sizes[i].value, sizeof(size_t));
  return 0;
}
