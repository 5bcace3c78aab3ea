#include "include/kernels.h"

extern const espalier_kernels espalier_kernels_portable;
#if defined(__x86_64__)
extern const espalier_kernels espalier_kernels_wide, espalier_kernels_avx2, espalier_kernels_avx512;
#endif

const espalier_kernels *espalier_kernels_of(espalier_instruction_set set) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const int has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    switch (set) {
    case espalier_portable: return &espalier_kernels_portable;
    case espalier_wide: return has_avx2 ? &espalier_kernels_wide : NULL;
    case espalier_avx2: return has_avx2 ? &espalier_kernels_avx2 : NULL;
    case espalier_avx512: return has_avx512 && has_avx2 ? &espalier_kernels_avx512 : NULL;
    }
    return NULL;
#else
    return set == espalier_portable ? &espalier_kernels_portable : NULL;
#endif
}
