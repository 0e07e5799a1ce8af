/* The C side of package cgo: what yalue/onnxruntime_go lacks, one function an action.
 *
 * Errors: a function that returns char* returns null on success, else a text made by malloc that the caller frees.
 * Ownership: C keeps no pointer into Go memory after a call; what it keeps it has copied.
 * Threads: demote_open is called once before anything else; the rest may be called from any thread, two calls on one
 * binding never at the same time. */
#ifndef DEMOTE_BRIDGE_H
#define DEMOTE_BRIDGE_H

#include <stdbool.h>

#include "fakequant.h"
#include "onnxruntime_c_api.h"

/* The oldest C API that serves: that of ONNX Runtime 1.24. */
#define DEMOTE_API_VERSION 24

/* The runtime's function table; null before demote_open. */
extern const OrtApi *demote_api;

/* A status as an error text; releases the status. Null gives null. */
char *demote_error(OrtStatus *status);

/* ---- library (bridge.c) ---- */

/* Opens the library (never closed again) and takes its function table. version gets the runtime's version, a string of
 * the library's own, also where the error is that it is too old. */
char *demote_open(const char *path, const char **version);

/* Makes the process's shared arena on the CPU, which sessions with the entry session.use_env_allocators take their memory from. Once, after
 * the environment was made. */
char *demote_share_arena(void);

/* ---- FakeQuant (op.c) ---- */

/* Adds the domain "demote" with its operators to session options, which may die before or after. The domain is made at the
 * first call and lives as long as the process. */
char *demote_register(OrtSessionOptions *options);

/* Registers one execution provider's FakeQuant with the domain; each provider has a file of its own. */
char *demote_add_cpu_fakequant(OrtCustomOpDomain *domain);

/* Adds the CPU provider's FromCodes (op_codes.c) to a domain. */
char *demote_add_codes(OrtCustomOpDomain *domain);

/* ---- tensors (bridge.c) ---- */

/* 64-byte aligned zeroed memory, freed by free(). Null if there is not that much. */
void *demote_alloc(size_t bytes);

/* A CPU tensor on caller-owned memory, which must outlive it. dims are copied. */
char *demote_tensor(void *data, size_t bytes, const int64_t *dims, size_t rank, int type, OrtValue **value);
void demote_release_value(OrtValue *value);

/* Gives the session that is made with these options next the values of initializers that its model calls external data. What it needs of
 * them it has copied once it is made; values and memory must live until then. */
char *demote_add_weights(OrtSessionOptions *options, const char *const *names, const OrtValue *const *values, size_t count);

/* ---- sessions and bindings (bridge.c) ---- */

enum { DEMOTE_MAX_RANK = 32 };

/* One input (output false) or output of a session. type is 0 for what is not a tensor; a dimension of -1 is symbolic;
 * rank -1 says that the shape is unknown. */
typedef struct {
  char *name; /* by malloc; the caller frees it */
  int type;
  int rank;
  int64_t dims[DEMOTE_MAX_RANK];
} demote_port;

char *demote_port_count(const OrtSession *session, bool output, size_t *count);
char *demote_port_info(const OrtSession *session, bool output, size_t index, demote_port *port);

/* Bytes that the session's CPU arena has handed out: now, and at most so far. Weights and what runs hold; not what bindings
 * bring along. */
char *demote_session_memory(const OrtSession *session, int64_t *in_use, int64_t *peak);

char *demote_binding(OrtSession *session, OrtIoBinding **binding);
/* The binding keeps the value alive but not the memory below it. */
char *demote_bind(OrtIoBinding *binding, bool output, const char *name, OrtValue *value);
/* Runs the session on the calling thread, with options or null. Several bindings of one session may run at once. */
char *demote_run(OrtSession *session, const OrtRunOptions *options, OrtIoBinding *binding);
void demote_release_binding(OrtIoBinding *binding);

/* Options of runs, which end at the next node once they are told to terminate; any number of runs may share them. */
char *demote_run_options_new(OrtRunOptions **options);
char *demote_run_options_terminate(OrtRunOptions *options, bool terminate);
void demote_run_options_free(OrtRunOptions *options);

#endif
