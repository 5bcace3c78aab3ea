/* The sixteen lanes of AVX-512 in pairs of AVX2 registers: slow, but it runs where AVX-512 does not. */
#if defined(__x86_64__)
#define WIDTH 16
/* Vectors wider than a register are handed on by inlining only. */
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "table.h"
#pragma clang attribute pop

ESPALIER_TABLE(wide)
#endif
