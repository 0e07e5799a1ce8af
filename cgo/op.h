/* What the FakeQuant operators of all execution providers share: names, types, shape, attributes. */
#ifndef DEMOTE_OP_H
#define DEMOTE_OP_H

#include "bridge.h"

/* The attributes of one FakeQuant node, checked. grid[0] is the high one: mask[holder] indexes it. */
typedef struct {
  int64_t holder;
  demote_params grid[2];
} demote_attributes;

/* Fills every callback but those of the provider: GetExecutionProviderType, CreateKernelV2, KernelComputeV2, KernelDestroy. */
void demote_op_init(OrtCustomOp *op);

/* Reads and checks the attributes; the status names node and attribute. */
OrtStatus *demote_read_attributes(const OrtKernelInfo *info, demote_attributes *out);

/* The address, element count and dimensions of an input; nothing is allocated. */
OrtStatus *demote_input(OrtKernelContext *context, size_t index, const void **data, size_t *n, const int64_t **dims, size_t *rank);

/* The mask's byte for a holder, in input 1 in the memory of the CPU, where a node may answer (mask.h): elements are counted, whatever the
 * shape. op begins the text of a mask that is too short. */
OrtStatus *demote_mask_byte(OrtKernelContext *context, const char *op, int64_t holder, uint8_t **byte);

/* A status with a text in printf form. */
OrtStatus *demote_statusf(OrtErrorCode code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
