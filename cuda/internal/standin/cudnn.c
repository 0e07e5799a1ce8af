/* What of cuDNN's backend a test looks at: in which mode its heuristics are asked, and a descriptor that cannot be finalized. */
#include <stdint.h>

#include "notes.h"

enum { HEURISTICS_MODE = 200, NOT_SUPPORTED = 3000 }; /* CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_STATUS_NOT_SUPPORTED */

static char handle[64];

int cudnnBackendCreateDescriptor(int type, void **descriptor) { return (void)type, *descriptor = handle, 0; }

int cudnnBackendSetAttribute(void *descriptor, int name, int type, int64_t count, const void *value) {
  if (name == HEURISTICS_MODE && count > 0) note("heuristics mode %d", *(const int *)value);
  return (void)descriptor, (void)type, 0;
}

int cudnnBackendFinalize(void *descriptor) { return (void)descriptor, fails("cudnnBackendFinalize") ? NOT_SUPPORTED : 0; }
