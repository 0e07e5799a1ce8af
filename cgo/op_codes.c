/* The operators ToCodes and FromCodes (domain "demote", version 1) on the CPU provider: a tensor that lies on a holder's grid as 16-bit codes,
 * and back. Codes are what stands at a cut: they need half the memory, and the layout that the values had stays theirs.
 *
 *   ToCodes     inputs x float on the grid, mask uint8[n]; output codes uint16, of the shape of x
 *   FromCodes   inputs codes uint16, mask uint8[n]; output y float, of the shape of codes
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

/* The grid that the mask chooses, input and output of a run. */
static OrtStatus *look(const demote_attributes *k, OrtKernelContext *context, const demote_params **grid, const void **from, void **to, size_t *n) {
  OrtValue *made;
  const int64_t *dims;
  size_t rank;
  uint8_t *byte;
  OrtStatus *status;
  if ((status = demote_mask_byte(context, "codes", k->holder, &byte))) return status;
  *grid = &k->grid[*byte & DEMOTE_LOW];
  if ((status = demote_input(context, 0, from, n, &dims, &rank))) return status;
  if ((status = demote_api->KernelContext_GetOutput(context, 0, dims, rank, &made))) return status;
  return demote_api->GetTensorMutableData(made, to);
}

static OrtStatus *to_codes(void *kernel, OrtKernelContext *context) {
  const demote_params *grid;
  const void *x;
  void *codes;
  size_t n;
  OrtStatus *status = look(kernel, context, &grid, &x, &codes, &n);
  if (!status) demote_pack(codes, x, n, grid, 0);
  return status;
}

static OrtStatus *from_codes(void *kernel, OrtKernelContext *context) {
  const demote_params *grid;
  const void *codes;
  void *y;
  size_t n;
  OrtStatus *status = look(kernel, context, &grid, &codes, &y, &n);
  if (!status) demote_decode(y, codes, n, grid, 0);
  return status;
}

static const char *to_name(const OrtCustomOp *op) { return (void)op, "ToCodes"; }
static const char *from_name(const OrtCustomOp *op) { return (void)op, "FromCodes"; }
static const char *provider(const OrtCustomOp *op) { return (void)op, NULL; /* the CPU */ }

static ONNXTensorElementDataType uint16_out(const OrtCustomOp *op, size_t i) { return (void)op, (void)i, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16; }

static ONNXTensorElementDataType uint16_in(const OrtCustomOp *op, size_t i) {
  return (void)op, i == 0 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 : ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
}

static OrtCustomOp to_op, from_op; /* the domain and all sessions keep their addresses */

static char *add(OrtCustomOpDomain *domain, OrtCustomOp *op, const char *(*name)(const OrtCustomOp *), OrtStatus *(*compute)(void *, OrtKernelContext *)) {
  op->GetName = name;
  op->GetExecutionProviderType = provider;
  op->GetMayInplace = NULL; /* the sizes differ */
  op->ReleaseMayInplace = NULL;
  op->CreateKernelV2 = create;
  op->KernelComputeV2 = compute;
  op->KernelDestroy = destroy;
  return demote_error(demote_api->CustomOpDomain_Add(domain, op));
}

char *demote_add_codes(OrtCustomOpDomain *domain) {
  demote_op_init(&to_op);
  to_op.GetOutputType = uint16_out;
  char *error = add(domain, &to_op, to_name, to_codes);
  if (error) return error;
  demote_op_init(&from_op);
  from_op.GetInputType = uint16_in;
  return add(domain, &from_op, from_name, from_codes);
}
