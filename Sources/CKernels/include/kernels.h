#ifndef ESPALIER_KERNELS_H
#define ESPALIER_KERNELS_H
#include <stddef.h>
#include <stdint.h>

#endif
