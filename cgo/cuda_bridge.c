//go:build cuda

/* Device tensors, initializers, run options and page-locked memory. See cuda_bridge.h. */
#include "cuda_bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Writes the nodes of one subgraph that a provider has taken. */
static OrtStatus *write_nodes(FILE *out, const OrtEpAssignedSubgraph *taken) {
  const OrtEpAssignedNode *const *nodes;
  size_t count;
  OrtStatus *status = demote_api->EpAssignedSubgraph_GetNodes(taken, &nodes, &count);
  for (size_t i = 0; !status && i < count; i++) {
    const char *name, *op;
    status = demote_api->EpAssignedNode_GetName(nodes[i], &name);
    if (!status) status = demote_api->EpAssignedNode_GetOperatorType(nodes[i], &op);
    if (!status) fprintf(out, "%s\t%s\n", name, op);
  }
  return status;
}

char *demote_nodes_elsewhere(const OrtSession *session, const char *provider, char **list) {
  const OrtEpAssignedSubgraph *const *all;
  size_t count, size;
  *list = NULL;
  OrtStatus *status = demote_api->Session_GetEpGraphAssignmentInfo(session, &all, &count);
  if (status) return demote_error(status);
  FILE *out = open_memstream(list, &size);
  if (!out) abort(); /* no memory */
  for (size_t i = 0; !status && i < count; i++) {
    const char *name;
    status = demote_api->EpAssignedSubgraph_GetEpName(all[i], &name);
    if (!status && strcmp(name, provider)) status = write_nodes(out, all[i]);
  }
  fclose(out);
  return demote_error(status);
}

char *demote_run_options(OrtRunOptions **options) { return demote_error(demote_api->CreateRunOptions(options)); }

char *demote_run_option(OrtRunOptions *options, const char *key, const char *value) {
  return demote_error(demote_api->AddRunConfigEntry(options, key, value));
}

void demote_release_run_options(OrtRunOptions *options) { demote_api->ReleaseRunOptions(options); }

char *demote_run_with(OrtSession *session, const OrtRunOptions *options, OrtIoBinding *binding) {
  return demote_error(demote_api->RunWithBinding(session, options, binding));
}

int demote_end_capture(CUstream stream, bool *open) {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  CUgraph graph = NULL;
  CUresult code = cuStreamIsCapturing(stream, &status);
  *open = code == CUDA_SUCCESS && status != CU_STREAM_CAPTURE_STATUS_NONE;
  if (!*open) return (int)code;
  code = cuStreamEndCapture(stream, &graph);
  if (code >= CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED && code <= CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD) code = CUDA_SUCCESS;
  return (int)(graph && code == CUDA_SUCCESS ? cuGraphDestroy(graph) : code);
}

int demote_pinned(size_t bytes, void **data) { return (int)cuMemHostAlloc(data, bytes, 0); }

int demote_free_pinned(void *data) { return (int)cuMemFreeHost(data); }
