/* Eight lanes with fused multiply-add. */
#if defined(__x86_64__)
#include <immintrin.h>
#define WIDTH 8
#define ESPALIER_AVX2
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "table.h"
#pragma clang attribute pop

ESPALIER_TABLE(avx2)
#endif
