/* One run of a session whose outputs ONNX Runtime allocates, for asking it what they are like. */
#ifndef DEMOTE_MEASURE_H
#define DEMOTE_MEASURE_H

#include "bridge.h"

/* Runs the session, with options or null, on what is bound as input in names and values and writes count new values to results, each to be given to
 * demote_release_value; null for an optional output that is absent. The error is the caller's to free. */
char *demote_run_once(OrtSession *session, const OrtRunOptions *options, const char *const *names, const OrtValue *const *values, size_t inputs,
                      const char *const *outputs, size_t count, OrtValue **results);

/* Type, rank, dimensions and data of a tensor; type 0 for what is no tensor. dims and data live as long as the value. */
char *demote_look(const OrtValue *value, int *type, size_t *rank, const int64_t **dims, const void **data);

#endif
