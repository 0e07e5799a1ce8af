/* The operator FakeQuant (domain "demote", version 1) apart from its arithmetic.
 *
 *   inputs      x float, mask uint8[n]
 *   output      y float, of the shape of x
 *   attributes  holder INT, low FLOATS[6], high FLOATS[6]: kind, scale, inv, lo, hi, offset as in demote_params
 *
 * y = low(x) where bit 0 of mask[holder] is set, else high(x); mask.h has the other bits. */
#include "op.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

OrtStatus *demote_statusf(OrtErrorCode code, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return demote_api->CreateStatus(code, text);
}

/* ---- callbacks that are the same for every provider ---- */

static const char *get_name(const OrtCustomOp *op) { return (void)op, "FakeQuant"; }
static size_t input_count(const OrtCustomOp *op) { return (void)op, 2; }
static size_t output_count(const OrtCustomOp *op) { return (void)op, 1; }
static OrtMemType input_memory(const OrtCustomOp *op, size_t i) { return (void)op, (void)i, OrtMemTypeDefault; }
static int start_version(const OrtCustomOp *op) { return (void)op, 1; }
static int end_version(const OrtCustomOp *op) { return (void)op, 1; }

static ONNXTensorElementDataType input_type(const OrtCustomOp *op, size_t i) {
  return (void)op, i == 0 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT : ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
}

static ONNXTensorElementDataType output_type(const OrtCustomOp *op, size_t i) {
  return (void)op, (void)i, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

static OrtCustomOpInputOutputCharacteristic required(const OrtCustomOp *op, size_t i) {
  return (void)op, (void)i, INPUT_OUTPUT_REQUIRED;
}

/* The planner reuses x for y only where it knows that their shapes are equal. ONNX Runtime shows a shape that it does not know
 * as rank 0, and a size that is neither known nor named as -1; handing either on would make the output a scalar or a tensor of
 * size -1 and stop what reads it from loading. So these stay unknown. */
static OrtStatus *infer_shape(const OrtCustomOp *op, OrtShapeInferContext *context) {
  (void)op;
  enum { most = 16 };
  OrtTensorTypeAndShapeInfo *x;
  size_t rank;
  int64_t sizes[most];
  const char *names[most];
  OrtStatus *status = demote_api->ShapeInferContext_GetInputTypeShape(context, 0, &x);
  if (status || (status = demote_api->GetDimensionsCount(x, &rank)) || rank == 0 || rank > most) return status;
  if ((status = demote_api->GetDimensions(x, sizes, rank)) || (status = demote_api->GetSymbolicDimensions(x, names, rank))) return status;
  for (size_t i = 0; i < rank; i++) {
    if (sizes[i] < 0 && (!names[i] || !*names[i])) return NULL;
  }
  return demote_api->ShapeInferContext_SetOutputTypeShape(context, 0, x);
}

static size_t may_inplace(int **inputs, int **outputs) {
  *inputs = calloc(1, sizeof **inputs);
  *outputs = calloc(1, sizeof **outputs);
  return *inputs && *outputs ? 1 : 0;
}

static void release_inplace(int *inputs, int *outputs) {
  free(inputs);
  free(outputs);
}

void demote_op_init(OrtCustomOp *op) {
  memset(op, 0, sizeof *op);
  op->version = 18; /* not the header's: a runtime refuses an operator newer than itself, and 18 has all that is used */
  op->GetName = get_name;
  op->GetInputTypeCount = input_count;
  op->GetInputType = input_type;
  op->GetOutputTypeCount = output_count;
  op->GetOutputType = output_type;
  op->GetInputCharacteristic = required;
  op->GetOutputCharacteristic = required;
  op->GetInputMemoryType = input_memory;
  op->InferOutputShapeFn = infer_shape;
  op->GetStartVersion = start_version;
  op->GetEndVersion = end_version;
  op->GetMayInplace = may_inplace;
  op->ReleaseMayInplace = release_inplace;
}

OrtStatus *demote_input(OrtKernelContext *context, size_t index, const void **data, size_t *n, const int64_t **dims, size_t *rank) {
  const OrtValue *value;
  ONNXTensorElementDataType type;
  OrtStatus *status;
  if ((status = demote_api->KernelContext_GetInput(context, index, &value))) return status;
  if ((status = demote_api->GetTensorElementTypeAndShapeDataReference(value, &type, dims, rank))) return status;
  *n = 1;
  for (size_t i = 0; i < *rank; i++) *n *= (size_t)(*dims)[i];
  return demote_api->GetTensorData(value, data);
}

OrtStatus *demote_mask_byte(OrtKernelContext *context, const char *op, int64_t holder, uint8_t **byte) {
  const void *mask;
  const int64_t *dims;
  size_t rank, holders;
  OrtStatus *status = demote_input(context, 1, &mask, &holders, &dims, &rank);
  if (status) return status;
  if ((uint64_t)holder >= holders) {
    return demote_statusf(ORT_INVALID_ARGUMENT, "%s: holder %lld, but the mask has %zu elements", op, (long long)holder, holders);
  }
  *byte = (uint8_t *)mask + holder;
  return NULL;
}

/* ---- attributes ---- */

static void node_name(const OrtKernelInfo *info, char *name, size_t size) {
  OrtStatus *status = demote_api->KernelInfo_GetNodeName(info, name, &size);
  if (!status) return;
  demote_api->ReleaseStatus(status); /* longer than the buffer */
  strcpy(name, "?");
}

/* Puts the node and the attribute before the runtime's own words. */
static OrtStatus *attribute_status(const char *node, const char *attribute, OrtStatus *cause) {
  OrtStatus *status = demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuant node %s: attribute %s: %s", node, attribute,
                                     demote_api->GetErrorMessage(cause));
  demote_api->ReleaseStatus(cause);
  return status;
}

static OrtStatus *read_grid(const OrtKernelInfo *info, const char *node, const char *attribute, demote_params *grid) {
  float f[6];
  size_t size = 0;
  OrtStatus *status = demote_api->KernelInfoGetAttributeArray_float(info, attribute, NULL, &size);
  if (status) return attribute_status(node, attribute, status);
  if (size != 6) {
    return demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuant node %s: attribute %s has %zu numbers, not 6", node, attribute, size);
  }
  status = demote_api->KernelInfoGetAttributeArray_float(info, attribute, f, &size);
  if (status) return attribute_status(node, attribute, status);
  int kind = f[0] == 0 ? 0 : f[0] == 1 ? 1 : f[0] == 2 ? 2 : f[0] == DEMOTE_KIND_BF16 ? DEMOTE_KIND_BF16 : -1;
  *grid = (demote_params){.kind = kind, .scale = f[1], .inv = f[2], .lo = f[3], .hi = f[4], .offset = f[5]};
  const char *wrong = demote_check(grid);
  if (!wrong) return NULL;
  return demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuant node %s: attribute %s: %s", node, attribute, wrong);
}

OrtStatus *demote_read_attributes(const OrtKernelInfo *info, demote_attributes *out) {
  char node[200];
  node_name(info, node, sizeof node);
  OrtStatus *status = demote_api->KernelInfoGetAttribute_int64(info, "holder", &out->holder);
  if (status) return attribute_status(node, "holder", status);
  if (out->holder < 0) {
    return demote_statusf(ORT_INVALID_ARGUMENT, "FakeQuant node %s: attribute holder is negative", node);
  }
  if ((status = read_grid(info, node, "high", &out->grid[0]))) return status;
  return read_grid(info, node, "low", &out->grid[1]);
}

/* ---- the domain ---- */

static pthread_mutex_t domain_lock = PTHREAD_MUTEX_INITIALIZER;
static OrtCustomOpDomain *domain;

char *demote_register(OrtSessionOptions *options) {
  char *error = NULL;
  pthread_mutex_lock(&domain_lock);
  if (!domain) {
    OrtCustomOpDomain *made = NULL;
    error = demote_error(demote_api->CreateCustomOpDomain("demote", &made));
    if (!error) error = demote_add_cpu_fakequant(made);
    if (!error) error = demote_add_codes(made);
    if (!error) domain = made;
  }
  pthread_mutex_unlock(&domain_lock);
  return error ? error : demote_error(demote_api->AddCustomOpDomain(options, domain));
}
