//go:build cuda

/* Device tensors, initializers, run options and page-locked memory. See cuda_bridge.h. */
#include "cuda_bridge.h"

char *demote_cuda_tensor(CUdeviceptr address, size_t bytes, const int64_t *dims, size_t rank, int type, int device, OrtValue **value) {
  OrtMemoryInfo *where = NULL;
  /* The name is matched exactly; the kind of allocator plays no part in where a tensor is. */
  OrtStatus *status = device < 0 ? demote_api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &where)
                                 : demote_api->CreateMemoryInfo("Cuda", OrtDeviceAllocator, device, OrtMemTypeDefault, &where);
  if (status) return demote_error(status);
  status = demote_api->CreateTensorWithDataAsOrtValue(where, (void *)(uintptr_t)address, bytes, dims, rank,
                                                      (ONNXTensorElementDataType)type, value);
  demote_api->ReleaseMemoryInfo(where); /* the tensor has a copy */
  return demote_error(status);
}

char *demote_add_initializer(OrtSessionOptions *options, const char *name, const OrtValue *value) {
  return demote_error(demote_api->AddInitializer(options, name, value));
}

char *demote_run_options(OrtRunOptions **options) { return demote_error(demote_api->CreateRunOptions(options)); }

char *demote_run_option(OrtRunOptions *options, const char *key, const char *value) {
  return demote_error(demote_api->AddRunConfigEntry(options, key, value));
}

void demote_release_run_options(OrtRunOptions *options) { demote_api->ReleaseRunOptions(options); }

char *demote_run_with(OrtSession *session, const OrtRunOptions *options, OrtIoBinding *binding) {
  return demote_error(demote_api->RunWithBinding(session, options, binding));
}

int demote_pinned(size_t bytes, void **data) { return (int)cuMemHostAlloc(data, bytes, 0); }

int demote_free_pinned(void *data) { return (int)cuMemFreeHost(data); }
