/* Vectors of WIDTH floats. Every instruction set includes the same kernel sources with its own WIDTH and target. */
#ifndef ESPALIER_VECTOR_H
#define ESPALIER_VECTOR_H

#include <stddef.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("unroll")

typedef float vector __attribute__((ext_vector_type(WIDTH)));
typedef float unaligned __attribute__((ext_vector_type(WIDTH), aligned(4), may_alias));
typedef double doubles __attribute__((ext_vector_type(WIDTH)));
typedef double unaligned_doubles __attribute__((ext_vector_type(WIDTH), aligned(8), may_alias));

INLINE vector splat(float x) { return (vector)(x); }
INLINE vector load(const float *p) { return *(const unaligned *)p; }
INLINE void store(float *p, vector x) { *(unaligned *)p = x; }

/* a * b + c in one expression, so that the compiler may use one instruction where the processor has it. */
INLINE vector multiply_add(vector a, vector b, vector c) { return a * b + c; }

/* x between low and high; a NaN stays a NaN. */
INLINE vector clipped(vector x, float low, float high) {
    x = splat(low) > x ? splat(low) : x;
    return splat(high) < x ? splat(high) : x;
}

/* The first `count` of WIDTH floats (0 < count < WIDTH); the others are zero, and their memory is not touched. */
#if WIDTH == 16 && defined(ESPALIER_AVX512)
INLINE vector load_first(const float *p, int count) {
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}
INLINE void store_first(float *p, vector x, int count) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)x);
}
#elif WIDTH == 8 && defined(ESPALIER_AVX2)
static const int lane_mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
INLINE __m256i first_lanes(int count) { return _mm256_loadu_si256((const __m256i_u *)(lane_mask + 8 - count)); }
INLINE vector load_first(const float *p, int count) {
    return (vector)_mm256_maskload_ps(p, first_lanes(count));
}
INLINE void store_first(float *p, vector x, int count) {
    _mm256_maskstore_ps(p, first_lanes(count), (__m256)x);
}
#else
INLINE vector load_first(const float *p, int count) {
    float lanes[WIDTH] = {0};
    for (int i = 0; i < count; i++) lanes[i] = p[i];
    return load(lanes);
}
INLINE void store_first(float *p, vector x, int count) {
    float lanes[WIDTH];
    store(lanes, x);
    for (int i = 0; i < count; i++) p[i] = lanes[i];
}
#endif

/* As many of WIDTH floats as there are. */
INLINE vector load_upto(const float *p, size_t count) {
    return count >= WIDTH ? load(p) : load_first(p, (int)count);
}

INLINE void store_upto(float *p, vector x, size_t count) {
    if (count >= WIDTH)
        store(p, x);
    else
        store_first(p, x, (int)count);
}

#endif
