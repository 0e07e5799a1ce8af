/* The stand-in for libcudart: device memory is host memory, streams run at once, launches are noted. See README.md. */
#include "notes.h"

#include <stdlib.h>
#include <string.h>

typedef struct { unsigned x, y, z; } dim3;
typedef void *stream_t;

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_DEVICE = 101, ILLEGAL_ADDRESS = 700, CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901, POISON = 0xff }; /* bytes of 0xff are NaN as float and double */

/* ---- the device */

int cudaGetDeviceCount(int *count) { return *count = 1, SUCCESS; }
int cudaSetDevice(int device) { return device == 0 ? SUCCESS : INVALID_DEVICE; }
int cudaGetDevice(int *device) { return *device = 0, SUCCESS; }
int cudaDriverGetVersion(int *version) { return *version = 12020, SUCCESS; }
int cudaRuntimeGetVersion(int *version) { return *version = 12080, SUCCESS; }
int cudaDeviceSynchronize(void) { return note("sync device"), drain(), SUCCESS; }
int cudaGetLastError(void) { return fails("cudaGetLastError") ? ILLEGAL_ADDRESS : SUCCESS; }
int cudaPeekAtLastError(void) { return SUCCESS; }
const char *cudaGetErrorName(int code) {
  return code == OUT_OF_MEMORY ? "cudaErrorMemoryAllocation" : code == ILLEGAL_ADDRESS ? "cudaErrorIllegalAddress" : "stand-in error";
}
const char *cudaGetErrorString(int code) { return (void)code, "error of the stand-in CUDA runtime"; }

int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  switch (attribute) { /* cudaDeviceAttr */
  case 1: *value = 1024; break;    /* threads of a block */
  case 8: *value = 49152; break;   /* shared memory of a block */
  case 10: *value = 32; break;     /* warp */
  case 16: *value = 108; break;    /* multiprocessors */
  case 39: *value = 2048; break;   /* threads of a multiprocessor */
  case 75: *value = 8; break;      /* capability 8.0 */
  case 76: *value = 0; break;
  case 97: *value = 166912; break; /* shared memory of a block that opts in */
  default: *value = 0;
  }
  return SUCCESS;
}

/* Offsets in cudaDeviceProp of CUDA 12, 1032 bytes (CUDA runtime API documentation). */
int cudaGetDeviceProperties_v2(char *p, int device) {
  static const struct { int offset, value; } ints[] = {
    {304, 65536}, {308, 32}, {320, 1024}, {324, 1024}, {328, 1024}, {332, 64}, {336, 2147483647}, {340, 65535}, {344, 65535},
    {360, 8}, {364, 0}, {388, 108}, {604, 1}, {624, 2048}, {648, 65536}, {712, 32},
  };
  static const struct { int offset; size_t value; } sizes[] = {{288, (size_t)16 << 30}, {296, 49152}, {352, 65536}, {640, 167936}, {696, 166912}};
  if (device != 0) return INVALID_DEVICE;
  memset(p, 0, 1032);
  strcpy(p, "EMULATED device (stand-in CUDA runtime, no GPU)");
  for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) memcpy(p + ints[i].offset, &ints[i].value, sizeof(int));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) memcpy(p + sizes[i].offset, &sizes[i].value, sizeof(size_t));
  return SUCCESS;
}

/* ---- memory */

static int allocate(void **out, size_t bytes) {
  *out = aligned_alloc(256, (bytes + 256) / 256 * 256);
  if (!*out) return OUT_OF_MEMORY;
  memset(*out, POISON, bytes);
  return SUCCESS;
}

int cudaMalloc(void **out, size_t bytes) {
  return note("malloc %zu", bytes), fails("cudaMalloc") ? OUT_OF_MEMORY : allocate(out, bytes);
}
int cudaMallocHost(void **out, size_t bytes) { return allocate(out, bytes); }
int cudaHostAlloc(void **out, size_t bytes, unsigned flags) { return (void)flags, allocate(out, bytes); }
int cudaFree(void *p) { return drain(), free(p), SUCCESS; }
int cudaFreeHost(void *p) { return free(p), SUCCESS; }
int cudaMemGetInfo(size_t *unused, size_t *total) { return *unused = *total = (size_t)16 << 30, SUCCESS; }

static int copy(void *to, const void *from, size_t bytes, int kind, stream_t stream) {
  static const char *const kinds[] = {"host to host", "up", "down", "across", "default"};
  if (kind < 0 || kind > 4) return INVALID_VALUE;
  note("copy %s %zu stream %p", kinds[kind], bytes, stream);
  if (!emulated(to) && !emulated(from)) memmove(to, from, bytes); /* the emulated device's memory is closed to the host */
  return SUCCESS;
}

int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) { return copy(to, from, bytes, kind, NULL); }
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, stream_t stream) { return copy(to, from, bytes, kind, stream); }
int cudaMemset(void *p, int value, size_t bytes) { return note("fill %zu stream default", bytes), emulated(p) ? 0 : (memset(p, value, bytes), SUCCESS); }
int cudaMemsetAsync(void *p, int value, size_t bytes, stream_t stream) {
  return note("fill %zu stream %p", bytes, stream), emulated(p) ? 0 : (memset(p, value, bytes), SUCCESS);
}

/* ---- streams, events, graphs: handles that are not null */

static char handle[16];

int cudaStreamCreateWithFlags(stream_t *out, unsigned flags) { return note("stream flags %u", flags), *out = handle, SUCCESS; }
int cudaStreamDestroy(stream_t stream) { return (void)stream, SUCCESS; }
int cudaStreamSynchronize(stream_t stream) { return note("sync stream %p", stream), drain(), SUCCESS; }
int cudaStreamWaitEvent(stream_t stream, void *event, unsigned flags) { return (void)stream, (void)event, (void)flags, SUCCESS; }
int cudaEventCreate(void **out) { return *out = handle, SUCCESS; }
int cudaEventCreateWithFlags(void **out, unsigned flags) { return (void)flags, *out = handle, SUCCESS; }
int cudaEventDestroy(void *event) { return (void)event, SUCCESS; }
int cudaEventRecord(void *event, stream_t stream) { return (void)event, (void)stream, SUCCESS; }
int cudaEventSynchronize(void *event) { return (void)event, SUCCESS; }
int cudaEventElapsedTime(float *ms, void *from, void *to) { return (void)from, (void)to, *ms = 0, SUCCESS; }

static int capturing, broken; /* a capture is open; one of its calls has failed */

int cudaStreamBeginCapture(stream_t stream, int mode) {
  note("capture begins stream %p", stream);
  if (fails("cudaStreamBeginCapture")) return CAPTURE_UNSUPPORTED;
  return (void)mode, capturing = 1, broken = 0, SUCCESS;
}
int cudaStreamEndCapture(stream_t stream, void **graph) {
  note("capture ends stream %p", stream);
  capturing = 0;
  return *graph = broken ? NULL : handle, broken ? CAPTURE_INVALIDATED : SUCCESS;
}
int cudaGraphInstantiate(void **exec, void *graph, unsigned long long flags) {
  return (void)graph, (void)flags, *exec = handle, fails("cudaGraphInstantiate") ? CAPTURE_UNSUPPORTED : SUCCESS;
}
int cudaGraphLaunch(void *exec, stream_t stream) { return (void)exec, note("graph launch stream %p", stream), SUCCESS; }
int cudaGraphDestroy(void *graph) { return (void)graph, SUCCESS; }
int cudaGraphExecDestroy(void *exec) { return (void)exec, SUCCESS; }

/* ---- kernels: registered with their names by the provider's start-up code */

enum { MOST = 1 << 16 };
static struct { const void *host; const char *name; } registered[MOST];
static int registered_count;
static struct { dim3 grid, block; size_t shared; stream_t stream; } configured;

void **__cudaRegisterFatBinary(void *binary) { return (void)binary, (void **)handle; }
void __cudaRegisterFatBinaryEnd(void **binary) { (void)binary; }
void __cudaUnregisterFatBinary(void **binary) { (void)binary; }
void __cudaRegisterVar(void **binary, char *host, char *address, const char *name) { (void)binary, (void)host, (void)address, (void)name; }
void __cudaRegisterFunction(void **binary, const char *host, char *device, const char *name) {
  (void)binary, (void)device;
  if (registered_count < MOST) registered[registered_count].host = host, registered[registered_count++].name = name;
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, stream_t stream) {
  configured.grid = grid, configured.block = block, configured.shared = shared, configured.stream = stream;
  return SUCCESS;
}

int __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, stream_t *stream) {
  *grid = configured.grid, *block = configured.block, *shared = configured.shared, *stream = configured.stream;
  return SUCCESS;
}

static int launch(const void *function, stream_t stream) {
  const char *name = "?";
  for (int i = 0; i < registered_count; i++) {
    if (registered[i].host == function) name = registered[i].name;
  }
  if (capturing && fails("a launch in a capture")) return note("refused %s", name), broken = 1, CAPTURE_UNSUPPORTED;
  return note("launch %s stream %p", name, stream), SUCCESS;
}

int cudaLaunchKernel(const void *function, dim3 grid, dim3 block, void **arguments, size_t shared, stream_t stream) {
  return (void)grid, (void)block, (void)arguments, (void)shared, launch(function, stream);
}

/* cudaLaunchConfig_t: two dim3, the shared bytes, the stream. */
int cudaLaunchKernelExC(const char *config, const void *function, void **arguments) {
  stream_t stream;
  memcpy(&stream, config + 32, sizeof stream);
  return (void)arguments, launch(function, stream);
}

int cudaFuncGetAttributes(void *attributes, const void *function) { return (void)function, memset(attributes, 0, 144), SUCCESS; }
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, const void *function, int threads, size_t shared, unsigned flags) {
  return (void)function, (void)threads, (void)shared, (void)flags, *blocks = 1, SUCCESS;
}
