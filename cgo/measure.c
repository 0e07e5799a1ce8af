#include "measure.h"

#include "op.h"

char *demote_run_once(OrtSession *session, const OrtRunOptions *options, const char *const *names, const OrtValue *const *values, size_t inputs,
                      const char *const *outputs, size_t count, OrtValue **results) {
  return demote_error(demote_api->Run(session, options, names, values, inputs, outputs, count, results));
}

char *demote_look(const OrtValue *value, int *type, size_t *rank, const int64_t **dims, const void **data) {
  int tensor = 0;
  *type = 0;
  OrtStatus *status = demote_api->IsTensor(value, &tensor);
  if (status || !tensor) return demote_error(status);
  ONNXTensorElementDataType element;
  status = demote_api->GetTensorElementTypeAndShapeDataReference(value, &element, dims, rank);
  if (!status && element != ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING) status = demote_api->GetTensorData(value, data);
  *type = (int)element;
  return demote_error(status);
}
