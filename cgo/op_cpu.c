/* FakeQuant on the CPU provider. */
#include <stdatomic.h>
#include <stdlib.h>

#include "nan.h"
#include "op.h"

/* Elements of one task: 64 KiB of floats. A tensor below two tasks is done where it is: waking another thread takes longer. */
enum { TASK = 16384 };

/* A node's kernel: read only once it is made, so that runs of one session may share it. */
typedef struct {
  int64_t holder;
  demote_params grid[2];
  demote_kernel run[2];
} cpu_kernel;

typedef struct {
  const cpu_kernel *kernel;
  int low;
  int watch; /* count what is not a number */
  const float *x;
  float *y;
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

static void task(void *data, size_t i) {
  const cpu_job *job = data;
  size_t from = i * TASK, n = job->n - from < TASK ? job->n - from : TASK;
  if (job->watch) watch(job->x + from, n);
  job->kernel->run[job->low](job->y + from, job->x + from, n, &job->kernel->grid[job->low]);
}

static OrtStatus *compute(void *kernel, OrtKernelContext *context) {
  const cpu_kernel *k = kernel;
  const void *x;
  const int64_t *dims;
  size_t n, rank;
  uint8_t bit;
  OrtStatus *status;
  if ((status = demote_mask_byte(context, "FakeQuant", k->holder, &bit))) return status;
  if ((status = demote_input(context, 0, &x, &n, &dims, &rank))) return status;
  OrtValue *output;
  void *y;
  if ((status = demote_api->KernelContext_GetOutput(context, 0, dims, rank, &output))) return status;
  if ((status = demote_api->GetTensorMutableData(output, &y))) return status;
  cpu_job job = {.kernel = k, .low = bit != 0 && bit != DEMOTE_WATCH, .watch = bit == DEMOTE_WATCH, .x = x, .y = y, .n = n};
  if (n >= 2 * TASK) return demote_api->KernelContext_ParallelFor(context, task, (n + TASK - 1) / TASK, 0, &job);
  if (job.watch) watch(x, n);
  k->run[job.low](y, x, n, &k->grid[job.low]);
  return NULL;
}

static const char *provider(const OrtCustomOp *op) { return (void)op, NULL; /* the CPU */ }

static OrtCustomOp cpu_op; /* the domain and all sessions keep its address */

char *demote_add_cpu_fakequant(OrtCustomOpDomain *domain) {
  demote_op_init(&cpu_op);
  cpu_op.GetExecutionProviderType = provider;
  cpu_op.CreateKernelV2 = create;
  cpu_op.KernelComputeV2 = compute;
  cpu_op.KernelDestroy = destroy;
  return demote_error(demote_api->CustomOpDomain_Add(domain, &cpu_op));
}
