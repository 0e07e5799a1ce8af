//go:build cuda

/* FakeQuant on a device: one launch of kernels.cu's fake_quant on the provider's stream. The grid is the one that choose_grids has left on
 * the device for this mask, not one of the attributes, and the mask itself is not read: nothing here waits, copies or allocates, so that a
 * run can be captured in a CUDA graph. An optional attribute clip FLOATS[2] is a Relu or Clip that the launch does as well.
 *
 * FakeQuantOf (domain "demote", version 1) is FakeQuant of what stands in front of it, see fake_quant_of in kernels.cu: attributes does INT
 * (the FRONT_ bits) and inner INT, a third input, the other tensor, where does adds or multiplies, and line FLOATS[5], slope, offset, low,
 * high and factor, where it has a line. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "cuda_bridge.h"
#include "op.h"

enum { BLOCK_THREADS = 256, VECTOR = 4 };

typedef struct {
  demote_cuda_device device;
  uint32_t holder;
  float below, above;
  int64_t does, inner; /* of FakeQuantOf; 0: it is FakeQuant */
  float line[5];
} cuda_kernel;

static const demote_cuda_device *chosen; /* for kernels being made; null outside the making of a session */

void demote_cuda_use(const demote_cuda_device *device) { chosen = device; }

/* Reads an attribute of so many numbers; where there is none, numbers are left alone. */
static OrtStatus *read_floats(const OrtKernelInfo *info, const char *name, float *numbers, size_t wanted) {
  size_t size = 0;
  OrtStatus *status = demote_api->KernelInfoGetAttributeArray_float(info, name, NULL, &size);
  if (status) {
    demote_api->ReleaseStatus(status);
    return NULL;
  }
  if (size != wanted) return demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuant: attribute %s has %zu numbers, not %zu", name, size, wanted);
  return demote_api->KernelInfoGetAttributeArray_float(info, name, numbers, &size);
}

/* Reads the attribute clip; without it every value passes. */
static OrtStatus *read_clip(const OrtKernelInfo *info, cuda_kernel *k) {
  float clip[2] = {-INFINITY, INFINITY};
  OrtStatus *status = read_floats(info, "clip", clip, 2);
  k->below = clip[0], k->above = clip[1];
  return status;
}

static int is_of(const OrtCustomOp *op);

/* The part of does that needs another tensor: FRONT_ADD and FRONT_MUL. */
enum { WITH_OTHER = 3, OTHER_INPUT = 2 };
/* FRONT_LINE, the last bit that needs none, and all bits. */
enum { WITH_LINE = 16, BEFORE_LINE = 15, EVERYTHING = 511 };

/* Reads what FakeQuantOf does; nothing for FakeQuant. */
static OrtStatus *read_front(const OrtCustomOp *op, const OrtKernelInfo *info, cuda_kernel *k) {
  OrtStatus *status;
  k->does = k->inner = 0;
  if (!is_of(op)) return NULL;
  if ((status = demote_api->KernelInfoGetAttribute_int64(info, "does", &k->does))) return status;
  if ((status = demote_api->KernelInfoGetAttribute_int64(info, "inner", &k->inner))) return status;
  if (k->does <= 0 || k->does > EVERYTHING || (k->does > BEFORE_LINE && !(k->does & WITH_LINE)) || k->inner < 1) {
    return demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuantOf: attributes does %lld, inner %lld", (long long)k->does, (long long)k->inner);
  }
  k->line[0] = NAN;
  if ((status = read_floats(info, "line", k->line, sizeof k->line / sizeof *k->line))) return status;
  if (k->does & WITH_LINE && isnan(k->line[0])) {
    return demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuantOf: attribute does is %lld, and line is missing", (long long)k->does);
  }
  return NULL;
}

static OrtStatus *create(const OrtCustomOp *op, const OrtApi *api, const OrtKernelInfo *info, void **kernel) {
  (void)api;
  demote_attributes attributes;
  OrtStatus *status = demote_read_attributes(info, &attributes);
  if (status) return status;
  if (!chosen) return demote_statusf(ORT_FAIL, "FakeQuant: the session was made without a device");
  if (attributes.holder >= (int64_t)chosen->holders) {
    return demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuant: holder %lld, but there are grids of %u", (long long)attributes.holder, chosen->holders);
  }
  cuda_kernel *k = malloc(sizeof *k);
  if (!k) return demote_statusf(ORT_FAIL, "FakeQuant: out of memory");
  k->device = *chosen, k->holder = (uint32_t)attributes.holder;
  if ((status = read_clip(info, k)) || (status = read_front(op, info, k))) {
    free(k);
    return status;
  }
  *kernel = k;
  return NULL;
}

static void destroy(void *kernel) { free(kernel); }

static OrtStatus *driver_status(const char *what, CUresult code) {
  const char *name = NULL;
  if (code == CUDA_SUCCESS) return NULL;
  cuGetErrorName(code, &name);
  return demote_statusf(ORT_FAIL, "FakeQuant: %s: %s (CUDA error %d)", what, name ? name : "unknown", (int)code);
}

/* ONNX Runtime makes the context current on its own threads only where the stream is its own: with the caller's stream it is up to us. */
static OrtStatus *ensure_context(CUcontext wanted) {
  CUcontext current = NULL;
  CUresult code = cuCtxGetCurrent(&current);
  if (code == CUDA_SUCCESS && current != wanted) code = cuCtxSetCurrent(wanted);
  return driver_status("making the context current", code);
}

static OrtStatus *launch(const cuda_kernel *k, CUstream stream, void *y, const void *x, uint64_t n, const void *other, uint64_t count) {
  uint64_t blocks = (n + BLOCK_THREADS * VECTOR - 1) / (BLOCK_THREADS * VECTOR);
  if (blocks > k->device.max_blocks) blocks = k->device.max_blocks;
  CUdeviceptr grids = k->device.grids, nan = k->device.nan;
  uint32_t holder = k->holder;
  float below = k->below, above = k->above;
  if (k->does) {
    uint64_t inner = (uint64_t)k->inner;
    uint32_t does = (uint32_t)k->does;
    float slope = k->line[0], offset = k->line[1], low = k->line[2], high = k->line[3], factor = k->line[4];
    void *arguments[] = {&y,    &x,     &other, &grids, &holder, &n,    &inner,  &count, &does,
                         &below, &above, &slope, &offset, &low,   &high, &factor, &nan};
    return driver_status("launching fake_quant_of", cuLaunchKernel(k->device.of, (unsigned)blocks, 1, 1, BLOCK_THREADS, 1, 1, 0, stream,
                                                                   arguments, NULL));
  }
  void *arguments[] = {&y, &x, &grids, &holder, &n, &below, &above, &nan};
  return driver_status("launching fake_quant", cuLaunchKernel(k->device.function, (unsigned)blocks, 1, 1, BLOCK_THREADS, 1, 1, 0, stream,
                                                              arguments, NULL));
}

static OrtStatus *compute(void *kernel, OrtKernelContext *context) {
  const cuda_kernel *k = kernel;
  const void *x, *other = NULL;
  const int64_t *dims;
  size_t rank, n, count = 0;
  OrtStatus *status;
  if (k->does & WITH_OTHER && (status = demote_input(context, OTHER_INPUT, &other, &count, &dims, &rank))) return status;
  if ((status = demote_input(context, 0, &x, &n, &dims, &rank))) return status;
  if (other && n > 0 && (count == 0 || n % (count * (uint64_t)k->inner))) {
    return demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuantOf: %zu elements, %zu of the other tensor for %lld each", n, count, (long long)k->inner);
  }
  OrtValue *output;
  void *y, *stream = NULL;
  if ((status = demote_api->KernelContext_GetOutput(context, 0, dims, rank, &output))) return status;
  if ((status = demote_api->GetTensorMutableData(output, &y))) return status;
  if (n == 0) return NULL;
  if ((status = demote_api->KernelContext_GetGPUComputeStream(context, &stream))) return status;
  if ((status = ensure_context(k->device.context))) return status;
  return launch(k, stream ? (CUstream)stream : k->device.stream, y, x, n, other, count);
}

static const char *cuda_provider(const OrtCustomOp *op) { return (void)op, "CUDAExecutionProvider"; }
static const char *cpu_provider(const OrtCustomOp *op) { return (void)op, NULL; }

static const char *name_of(const OrtCustomOp *op) { return (void)op, "FakeQuantOf"; }
static size_t inputs_of(const OrtCustomOp *op) { return (void)op, 3; }

static ONNXTensorElementDataType input_type_of(const OrtCustomOp *op, size_t i) {
  return (void)op, i == 1 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

static OrtCustomOpInputOutputCharacteristic characteristic_of(const OrtCustomOp *op, size_t i) {
  return (void)op, i == OTHER_INPUT ? INPUT_OUTPUT_OPTIONAL : INPUT_OUTPUT_REQUIRED;
}

/* The domains and all sessions keep the addresses of these. */
static OrtCustomOp cuda_op, cuda_op_of, stand_in_op, stand_in_op_of;

static int is_of(const OrtCustomOp *op) { return op == &cuda_op_of || op == &stand_in_op_of; }

static OrtCustomOpDomain *cuda_domain, *stand_in_domain;
static pthread_mutex_t domain_lock = PTHREAD_MUTEX_INITIALIZER;

static char *add(OrtCustomOpDomain *domain, OrtCustomOp *op, const char *(*provider)(const OrtCustomOp *)) {
  demote_op_init(op);
  op->GetExecutionProviderType = provider;
  op->CreateKernelV2 = create;
  op->KernelComputeV2 = compute;
  op->KernelDestroy = destroy;
  if (is_of(op)) {
    op->GetName = name_of;
    op->GetInputTypeCount = inputs_of;
    op->GetInputType = input_type_of;
    op->GetInputCharacteristic = characteristic_of;
  }
  return demote_error(demote_api->CustomOpDomain_Add(domain, op));
}

/* The CPU provider's FakeQuant stands beside the CUDA one: a node that is not placed on CUDA is then refused by the session's option, with
 * a text that says so, and not for want of an operator. */
static char *make_domain(bool stand_in, OrtCustomOpDomain **domain) {
  OrtCustomOpDomain *made = NULL;
  char *error = demote_error(demote_api->CreateCustomOpDomain("demote", &made));
  if (!error) error = stand_in ? add(made, &stand_in_op, cpu_provider) : add(made, &cuda_op, cuda_provider);
  if (!error) error = stand_in ? add(made, &stand_in_op_of, cpu_provider) : add(made, &cuda_op_of, cuda_provider);
  if (!error && !stand_in) error = demote_add_cpu_fakequant(made);
  if (!error) *domain = made;
  return error;
}

char *demote_cuda_register(OrtSessionOptions *options, bool stand_in) {
  char *error = NULL;
  OrtCustomOpDomain **domain = stand_in ? &stand_in_domain : &cuda_domain;
  pthread_mutex_lock(&domain_lock);
  if (!*domain) error = make_domain(stand_in, domain);
  pthread_mutex_unlock(&domain_lock);
  return error ? error : demote_error(demote_api->AddCustomOpDomain(options, *domain));
}
