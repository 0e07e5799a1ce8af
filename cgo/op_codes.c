/* The operator FromCodes (domain "demote", version 1) on the CPU provider: the values of the 16-bit codes that FakeQuantCodes wrote of a
 * tensor on a holder's grid (op_cpu.c).
 *
 *   inputs      codes uint16, mask uint8[n]
 *   output      y float, of the shape of codes
 *   attributes  holder, low, high as of FakeQuant */
#include <stdlib.h>

#include "codes.h"
#include "mask.h"
#include "op.h"

static OrtStatus *create(const OrtCustomOp *op, const OrtApi *api, const OrtKernelInfo *info, void **kernel) {
  (void)op, (void)api;
  demote_attributes *k = malloc(sizeof *k);
  if (!k) return demote_statusf(ORT_FAIL, "codes: out of memory");
  OrtStatus *status = demote_read_attributes(info, k);
  if (status) {
    free(k);
    return status;
  }
  *kernel = k;
  return NULL;
}

static void destroy(void *kernel) { free(kernel); }

static OrtStatus *compute(void *kernel, OrtKernelContext *context) {
  const demote_attributes *k = kernel;
  OrtValue *made;
  const int64_t *dims;
  const void *codes;
  void *y;
  size_t n, rank;
  uint8_t *byte;
  OrtStatus *status;
  if ((status = demote_mask_byte(context, "codes", k->holder, &byte))) return status;
  if ((status = demote_input(context, 0, &codes, &n, &dims, &rank))) return status;
  if ((status = demote_api->KernelContext_GetOutput(context, 0, dims, rank, &made))) return status;
  if ((status = demote_api->GetTensorMutableData(made, &y))) return status;
  demote_decode(y, codes, n, &k->grid[*byte & DEMOTE_LOW], DEMOTE_ISA_AUTO);
  return NULL;
}

static const char *name(const OrtCustomOp *op) { return (void)op, "FromCodes"; }
static const char *provider(const OrtCustomOp *op) { return (void)op, NULL; /* the CPU */ }

static ONNXTensorElementDataType input(const OrtCustomOp *op, size_t i) {
  return (void)op, i == 0 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 : ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
}

static OrtCustomOp codes_op; /* the domain and all sessions keep its address */

char *demote_add_codes(OrtCustomOpDomain *domain) {
  demote_op_init(&codes_op);
  codes_op.GetName = name;
  codes_op.GetInputType = input;
  codes_op.GetExecutionProviderType = provider;
  codes_op.GetMayInplace = NULL; /* the sizes differ */
  codes_op.ReleaseMayInplace = NULL;
  codes_op.CreateKernelV2 = create;
  codes_op.KernelComputeV2 = compute;
  codes_op.KernelDestroy = destroy;
  return demote_error(demote_api->CustomOpDomain_Add(domain, &codes_op));
}
