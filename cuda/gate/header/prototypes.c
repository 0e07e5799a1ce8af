/* Compiles only if every prototype of our cuda_functions.h agrees with NVIDIA's cuda.h, which is included first. Our header defines the
 * same names again, hence the pragma; names.h takes NVIDIA's definitions away. */
#include <cuda.h>
#include "names.h"
#include "cuda_functions.h"
