/* FakeQuant on the CPU provider, and FakeQuantCodes (domain "demote", version 1), which is the same with a second output:
 *
 *   inputs      x float, mask uint8[n]
 *   outputs     y float, of the shape of x; codes uint16, of that shape: y as codes on its grid (codes.h)
 *   attributes  holder, low, high as of FakeQuant
 *
 * Codes are what is stored of a cut: they need half the memory, and the layout that the values have is theirs. They are written only where
 * the holder's byte of the mask has DEMOTE_STORE (mask.h): which cuts are stored is a matter of the run. One node does both, since
 * another one that reads y would keep it from being overwritten where it lies, until the runtime comes to it. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "mask.h"
#include "nan.h"
#include "op.h"

/* Elements of one task: 64 KiB of floats. A tensor below two tasks is done where it is: waking another thread takes longer. */
enum { TASK = 16384 };

/* Elements at a time while the two grids are compared: most tensors differ within the first. */
enum { PIECE = 256 };

/* Elements at a time while codes are written: they are still in the core's first cache then. */
enum { CODED = 2048 };

/* A node's kernel: read only once it is made, so that runs of one session may share it. */
typedef struct {
  int64_t holder;
  demote_params grid[2];
  demote_kernel run[2];
} cpu_kernel;

typedef struct {
  const cpu_kernel *kernel;
  uint8_t *byte; /* the holder's, in the mask */
  const float *x;
  float *y;
  uint16_t *codes; /* NULL: none */
  size_t n;
} cpu_job;

static OrtStatus *create(const OrtCustomOp *op, const OrtApi *api, const OrtKernelInfo *info, void **kernel) {
  (void)op, (void)api;
  demote_attributes attributes;
  OrtStatus *status = demote_read_attributes(info, &attributes);
  if (status) return status;
  cpu_kernel *k = malloc(sizeof *k);
  if (!k) return demote_statusf(ORT_FAIL, "FakeQuant: out of memory");
  k->holder = attributes.holder;
  for (int low = 0; low < 2; low++) {
    k->grid[low] = attributes.grid[low];
    k->run[low] = demote_pick(&k->grid[low], DEMOTE_ISA_AUTO);
  }
  *kernel = k;
  return NULL;
}

static void destroy(void *kernel) { free(kernel); }

static atomic_ullong nans;

uint64_t demote_nans(void) { return atomic_load(&nans); }

/* Counts without branches, sixteen values at a time. It comes before the kernel, which may write where it reads. */
static void watch(const float *x, size_t n) {
  uint32_t bad[16] = {0}, sum = 0;
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int lane = 0; lane < 16; lane++) bad[lane] += x[i + lane] != x[i + lane];
  }
  for (; i < n; i++) sum += x[i] != x[i];
  for (int lane = 0; lane < 16; lane++) sum += bad[lane];
  if (sum) atomic_fetch_add(&nans, sum);
}

/* Computes as long as the grids agree, and returns how many elements those are; whether they agree on all is left in the byte,
 * which all tasks of a tensor share. The other grid comes before the own one, which may write where both read. Equal bits are
 * equal values here: no grid gives -0 or NaN, but for bfloat16, whose bits then differ from those of every other. */
static size_t compare(const cpu_kernel *k, int low, uint8_t *byte, float *y, const float *x, size_t n) {
  float other[PIECE];
  size_t i = 0;
  while (i < n && __atomic_load_n(byte, __ATOMIC_RELAXED) & DEMOTE_COMPARE) {
    size_t piece = n - i < PIECE ? n - i : PIECE;
    k->run[!low](other, x + i, piece, &k->grid[!low]);
    k->run[low](y + i, x + i, piece, &k->grid[low]);
    if (memcmp(other, y + i, piece * sizeof *y)) __atomic_fetch_and(byte, (uint8_t)~DEMOTE_COMPARE, __ATOMIC_RELAXED);
    i += piece;
  }
  return i;
}

static void run(const cpu_job *job, size_t from, size_t n) {
  const cpu_kernel *k = job->kernel;
  const float *x = job->x + from;
  float *y = job->y + from;
  uint8_t byte = __atomic_load_n(job->byte, __ATOMIC_RELAXED);
  int low = byte & DEMOTE_LOW;
  if (byte & DEMOTE_WATCH) watch(x, n);
  size_t done = byte & DEMOTE_COMPARE ? compare(k, low, job->byte, y, x, n) : 0;
  if (!job->codes) {
    k->run[low](y + done, x + done, n - done, &k->grid[low]);
    return;
  }
  demote_pack(job->codes + from, y, done, &k->grid[low], DEMOTE_ISA_AUTO);
  while (done < n) {
    size_t piece = n - done < CODED ? n - done : CODED;
    k->run[low](y + done, x + done, piece, &k->grid[low]);
    demote_pack(job->codes + from + done, y + done, piece, &k->grid[low], DEMOTE_ISA_AUTO);
    done += piece;
  }
}

static void task(void *data, size_t i) {
  const cpu_job *job = data;
  size_t from = i * TASK;
  run(job, from, job->n - from < TASK ? job->n - from : TASK);
}

static OrtStatus *compute_with(void *kernel, OrtKernelContext *context, int coding) {
  const cpu_kernel *k = kernel;
  const void *x;
  const int64_t *dims;
  size_t n, rank;
  uint8_t *byte;
  OrtStatus *status;
  if ((status = demote_mask_byte(context, "FakeQuant", k->holder, &byte))) return status;
  if ((status = demote_input(context, 0, &x, &n, &dims, &rank))) return status;
  OrtValue *output;
  void *y;
  if ((status = demote_api->KernelContext_GetOutput(context, 0, dims, rank, &output))) return status;
  if ((status = demote_api->GetTensorMutableData(output, &y))) return status;
  void *codes = NULL;
  if (coding) {
    if ((status = demote_api->KernelContext_GetOutput(context, 1, dims, rank, &output))) return status;
    if (*byte & DEMOTE_STORE && (status = demote_api->GetTensorMutableData(output, &codes))) return status;
  }
  cpu_job job = {.kernel = k, .byte = byte, .x = x, .y = y, .codes = codes, .n = n};
  if (n >= 2 * TASK) return demote_api->KernelContext_ParallelFor(context, task, (n + TASK - 1) / TASK, 0, &job);
  run(&job, 0, n);
  return NULL;
}

static OrtStatus *compute(void *kernel, OrtKernelContext *context) { return compute_with(kernel, context, 0); }
static OrtStatus *compute_coding(void *kernel, OrtKernelContext *context) { return compute_with(kernel, context, 1); }

static const char *provider(const OrtCustomOp *op) { return (void)op, NULL; /* the CPU */ }

static const char *coding_name(const OrtCustomOp *op) { return (void)op, "FakeQuantCodes"; }
static size_t coding_outputs(const OrtCustomOp *op) { return (void)op, 2; }

static ONNXTensorElementDataType coding_output(const OrtCustomOp *op, size_t i) {
  return (void)op, i == 0 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT : ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16;
}

static OrtCustomOp cpu_op, coding_op; /* the domain and all sessions keep their addresses */

static void init(OrtCustomOp *op, OrtStatus *(*run)(void *, OrtKernelContext *)) {
  demote_op_init(op);
  op->GetExecutionProviderType = provider;
  op->CreateKernelV2 = create;
  op->KernelComputeV2 = run;
  op->KernelDestroy = destroy;
}

char *demote_add_cpu_fakequant(OrtCustomOpDomain *domain) {
  init(&cpu_op, compute);
  init(&coding_op, compute_coding);
  coding_op.GetName = coding_name;
  coding_op.GetOutputTypeCount = coding_outputs;
  coding_op.GetOutputType = coding_output;
  char *error = demote_error(demote_api->CustomOpDomain_Add(domain, &cpu_op));
  return error ? error : demote_error(demote_api->CustomOpDomain_Add(domain, &coding_op));
}
