/* Sixteen lanes and thirty-two registers. */
#if defined(__x86_64__)
#include <immintrin.h>
#define WIDTH 16
#define ESPALIER_AVX512
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)
#include "table.h"
#pragma clang attribute pop

ESPALIER_TABLE(avx512)
#endif
