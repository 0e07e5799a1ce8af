/* Library, tensors, sessions and bindings. See bridge.h. */
#include "bridge.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const OrtApi *demote_api;
static OrtMemoryInfo *cpu_memory;

static char *failf(const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = malloc((size_t)n + 1);
  if (!text) abort();
  va_start(args, format);
  vsnprintf(text, (size_t)n + 1, format, args);
  va_end(args);
  return text;
}

char *demote_error(OrtStatus *status) {
  if (!status) return NULL;
  char *text = failf("%s", demote_api->GetErrorMessage(status));
  demote_api->ReleaseStatus(status);
  return text;
}

char *demote_open(const char *path, const char **version) {
  *version = NULL;
  void *library = dlopen(path, RTLD_LAZY);
  if (!library) return failf("%s", dlerror());
  const OrtApiBase *(*base)(void);
  /* ISO C has no cast from object to function pointer; POSIX asks for this form. */
  *(void **)&base = dlsym(library, "OrtGetApiBase");
  if (!base) return failf("%s is no ONNX Runtime: it has no OrtGetApiBase", path);
  *version = base()->GetVersionString();
  int major = 0, minor = 0;
  /* Asking an old runtime for a newer table would print to stderr, hence the look at the version first. */
  if (sscanf(*version, "%d.%d", &major, &minor) != 2 || major < 1 || (major == 1 && minor < DEMOTE_API_VERSION)) {
    return failf("%s is ONNX Runtime %s: 1.%d or newer is needed", path, *version, DEMOTE_API_VERSION);
  }
  const OrtApi *api = base()->GetApi(DEMOTE_API_VERSION);
  if (!api) return failf("%s (ONNX Runtime %s) does not serve C API %d", path, *version, DEMOTE_API_VERSION);
  demote_api = api;
  return demote_error(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &cpu_memory));
}

char *demote_share_arena(void) {
  OrtEnv *env; /* the one there is; the reference is kept as long as the process lives */
  OrtStatus *status = demote_api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "demote", &env);
  if (!status) status = demote_api->CreateAndRegisterAllocator(env, cpu_memory, NULL);
  return demote_error(status);
}

void *demote_alloc(size_t bytes) {
  void *data = NULL;
  if (bytes < 64) bytes = 64;
  if (posix_memalign(&data, 64, bytes)) return NULL;
  return memset(data, 0, bytes);
}

char *demote_tensor(void *data, size_t bytes, const int64_t *dims, size_t rank, int type, OrtValue **value) {
  return demote_error(demote_api->CreateTensorWithDataAsOrtValue(cpu_memory, data, bytes, dims, rank,
                                                                 (ONNXTensorElementDataType)type, value));
}

char *demote_add_weights(OrtSessionOptions *options, const char *const *names, const OrtValue *const *values, size_t count) {
  return demote_error(demote_api->AddExternalInitializers(options, names, values, count));
}

void demote_release_value(OrtValue *value) { demote_api->ReleaseValue(value); }

char *demote_port_count(const OrtSession *session, bool output, size_t *count) {
  return demote_error(output ? demote_api->SessionGetOutputCount(session, count)
                             : demote_api->SessionGetInputCount(session, count));
}

static OrtStatus *port_name(const OrtSession *session, bool output, size_t index, char **name) {
  OrtAllocator *allocator;
  OrtStatus *status = demote_api->GetAllocatorWithDefaultOptions(&allocator);
  if (status) return status;
  char *theirs;
  status = output ? demote_api->SessionGetOutputName(session, index, allocator, &theirs)
                  : demote_api->SessionGetInputName(session, index, allocator, &theirs);
  if (status) return status;
  *name = strdup(theirs);
  return demote_api->AllocatorFree(allocator, theirs);
}

static OrtStatus *port_shape(const OrtTypeInfo *info, demote_port *port) {
  const OrtTensorTypeAndShapeInfo *tensor;
  OrtStatus *status = demote_api->CastTypeInfoToTensorInfo(info, &tensor);
  if (status || !tensor) return status; /* a sequence, a map: type stays 0 */
  ONNXTensorElementDataType type;
  size_t rank;
  if ((status = demote_api->GetTensorElementType(tensor, &type))) return status;
  port->type = (int)type;
  if (!demote_api->TensorTypeAndShape_HasShape(tensor)) return NULL;
  if ((status = demote_api->GetDimensionsCount(tensor, &rank))) return status;
  if (rank > DEMOTE_MAX_RANK) return demote_api->CreateStatus(ORT_NOT_IMPLEMENTED, "tensor has more than 32 dimensions");
  port->rank = (int)rank;
  return demote_api->GetDimensions(tensor, port->dims, rank);
}

char *demote_port_info(const OrtSession *session, bool output, size_t index, demote_port *port) {
  memset(port, 0, sizeof *port);
  port->rank = -1;
  OrtStatus *status = port_name(session, output, index, &port->name);
  if (status) return demote_error(status);
  OrtTypeInfo *info;
  status = output ? demote_api->SessionGetOutputTypeInfo(session, index, &info)
                  : demote_api->SessionGetInputTypeInfo(session, index, &info);
  if (status) return demote_error(status);
  status = port_shape(info, port);
  demote_api->ReleaseTypeInfo(info);
  return demote_error(status);
}

static int64_t statistic(const OrtKeyValuePairs *pairs, const char *key) {
  const char *text = demote_api->GetKeyValue(pairs, key);
  return text ? strtoll(text, NULL, 10) : 0;
}

char *demote_session_memory(const OrtSession *session, int64_t *in_use, int64_t *peak) {
  OrtAllocator *arena;
  OrtStatus *status = demote_api->CreateAllocator(session, cpu_memory, &arena);
  if (status) return demote_error(status);
  OrtKeyValuePairs *pairs;
  status = demote_api->AllocatorGetStats(arena, &pairs);
  if (!status) {
    *in_use = statistic(pairs, "InUse");
    *peak = statistic(pairs, "MaxInUse");
    demote_api->ReleaseKeyValuePairs(pairs);
  }
  demote_api->ReleaseAllocator(arena);
  return demote_error(status);
}

char *demote_binding(OrtSession *session, OrtIoBinding **binding) {
  return demote_error(demote_api->CreateIoBinding(session, binding));
}

char *demote_bind(OrtIoBinding *binding, bool output, const char *name, OrtValue *value) {
  return demote_error(output ? demote_api->BindOutput(binding, name, value)
                             : demote_api->BindInput(binding, name, value));
}

char *demote_run(OrtSession *session, const OrtRunOptions *options, OrtIoBinding *binding) {
  return demote_error(demote_api->RunWithBinding(session, options, binding));
}

char *demote_run_options_new(OrtRunOptions **options) { return demote_error(demote_api->CreateRunOptions(options)); }

char *demote_run_options_terminate(OrtRunOptions *options, bool terminate) {
  return demote_error(terminate ? demote_api->RunOptionsSetTerminate(options) : demote_api->RunOptionsUnsetTerminate(options));
}

void demote_run_options_free(OrtRunOptions *options) { demote_api->ReleaseRunOptions(options); }

void demote_release_binding(OrtIoBinding *binding) { demote_api->ReleaseIoBinding(binding); }
