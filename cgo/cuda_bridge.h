/* The C side of package cgo for the CUDA provider, built with the tag cuda. The rules of bridge.h hold, and one more: every function
 * that touches the driver is called on the thread of the device worker, where the primary context is current. */
#ifndef DEMOTE_CUDA_BRIDGE_H
#define DEMOTE_CUDA_BRIDGE_H

#include <cuda.h>

#include "bridge.h"

/* What a FakeQuant kernel needs of the device; a session copies it while it is made. The handles must outlive the session. */
typedef struct {
  CUcontext context;    /* the retained primary context */
  CUfunction function;  /* fake_quant of kernels.cu */
  CUfunction of;        /* fake_quant_of */
  CUdeviceptr grids;    /* for each holder the grid that the mask has chosen (demote_params), by choose_grids of kernels.cu */
  CUdeviceptr nan;      /* a uint32 that becomes 1 where a FakeQuant is given NaN; 0: nobody asks */
  CUstream stream;      /* where to launch if the provider has no stream of its own: only the stand-in */
  uint32_t holders;     /* grids there */
  uint32_t max_blocks;  /* of a launch */
} demote_cuda_device;

/* Adds the domain "demote" with a FakeQuant that launches on a device. stand_in false: for the CUDA provider (and the CPU provider's
 * own beside it). stand_in true: the driver-launching operator for the CPU provider, for tests on the emulated device.
 * These operators do not read their mask: its grids are chosen before a run. */
char *demote_cuda_register(OrtSessionOptions *options, bool stand_in);

/* Sets the device that kernels made from now on use; null: none, and making one is an error. The caller holds a lock from here until its
 * session is made. */
void demote_cuda_use(const demote_cuda_device *device);

/* A tensor on device memory, which must outlive it. device -1: memory that the host may read as well (the emulated device's). */
char *demote_cuda_tensor(CUdeviceptr address, size_t bytes, const int64_t *dims, size_t rank, int type, int device, OrtValue **value);

/* Makes a session made with these options use value in place of the initializer of that name. The value must outlive the session. */
char *demote_add_initializer(OrtSessionOptions *options, const char *name, const OrtValue *value);

/* The nodes of a session that another provider than this one has taken, a line "name<tab>operator" each; the session was made with the
 * entry session.record_ep_graph_assignment_info. The caller frees the list. */
char *demote_nodes_elsewhere(const OrtSession *session, const char *provider, char **list);

/* Run options with one entry after another. */
char *demote_run_options(OrtRunOptions **options);
char *demote_run_option(OrtRunOptions *options, const char *key, const char *value);
void demote_release_run_options(OrtRunOptions *options);
char *demote_run_with(OrtSession *session, const OrtRunOptions *options, OrtIoBinding *binding);

/* Ends a capture that a failed run has left open in a stream, and destroys what it made. open says whether there was one. The code is the
 * driver's; that of the capture, which is broken, is not one. */
int demote_end_capture(CUstream stream, bool *open);

/* Page-locked host memory. The code is the driver's, 0 for success. */
int demote_pinned(size_t bytes, void **data);
int demote_free_pinned(void *data);

#endif
