/* Errors of the convolution kernels against Float64, as a Markdown table; Benchmarks/run --errors builds and runs it.
   Inputs, filters and gradients are normal; an error is the Euclidean norm of the difference over that of the result. */
#include "kernels.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int images, side, channels;
} layer;

static float *floats(size_t count) { return aligned_alloc(64, (count * sizeof(float) + 127) / 64 * 64); }

static float *normal(size_t count, uint64_t seed) {
    float *result = floats(count);
    for (size_t i = 0; i < count; i++) {
        double draw[2];
        for (int k = 0; k < 2; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            draw[k] = ((seed >> 11) + 0.5) * 0x1p-53;
        }
        result[i] = (float)(sqrt(-2 * log(draw[0])) * cos(2 * M_PI * draw[1]));
    }
    return result;
}

static double error(const float *own, const double *exact, size_t count) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        difference += (own[i] - exact[i]) * (own[i] - exact[i]);
        size += exact[i] * exact[i];
    }
    return sqrt(difference / size);
}

/* A 3x3 convolution with a border of one pixel and both gradients, all [.., C] to [.., C], in Float64. */
static void exact(layer l, const float *x, const float *g, const float *dy, double *y, double *dx, double *dg) {
    const int n = l.side, c = l.channels;
    for (int image = 0; image < l.images; image++)
        for (int row = 0; row < n; row++)
            for (int column = 0; column < n; column++)
                for (int tap = 0; tap < 9; tap++) {
                    const int v = row + tap / 3 - 1, h = column + tap % 3 - 1;
                    if (v < 0 || v >= n || h < 0 || h >= n) continue;
                    const size_t to = ((size_t)(image * n + row) * n + column) * c;
                    const size_t from = ((size_t)(image * n + v) * n + h) * c;
                    for (int k = 0; k < c; k++) {
                        const double own = x[from + k];
                        const size_t filter = ((size_t)tap * c + k) * c;
                        double sum = 0;
                        for (int j = 0; j < c; j++) {
                            y[to + j] += own * g[filter + j];
                            sum += (double)dy[to + j] * g[filter + j];
                            dg[filter + j] += own * dy[to + j];
                        }
                        dx[from + k] += sum;
                    }
                }
}

/* Tiles of 4x4 outputs, all in one block. */
static void tiles(const espalier_kernels *k, layer l, const float *x, const float *g, const float *dy, float *y,
                  float *dx, float *dg) {
    const int n = l.side, c = l.channels, rows = (n + 3) / 4, count = l.images * rows * rows;
    const espalier_winograd w = {n, n, c, n, n, c, 1, 1, rows, rows};
    const size_t size = 36 * espalier_winograd_point(k->lanes, c, count);
    const size_t filter_size = 36 * espalier_winograd_point(k->lanes, c, c);
    float *values = floats(size), *products = floats(size), *filters = floats(filter_size), *sum = floats(filter_size);
    float *transposed = floats((size_t)9 * c * c);
    k->winograd_filter(g, c, c, 0, c, filters);
    k->winograd_input(&w, x, NULL, 0, count, values);
    k->winograd_multiply(values, filters, c, c, count, 0, 36, products);
    k->winograd_output(&w, products, 0, count, NULL, y);
    k->winograd_output_gradient(&w, dy, NULL, 0, count, products);
    k->winograd_multiply_outer(values, products, c, c, count, 0, 36, 0, sum);
    k->winograd_filter_gradient(sum, 1, c, c, 0, c, dg);
    espalier_transpose(g, 9, c, c, transposed);
    k->winograd_filter(transposed, c, c, 0, c, filters);
    k->winograd_multiply(products, filters, c, c, count, 0, 36, values);
    memset(dx, 0, sizeof(float) * l.images * n * n * c);
    k->winograd_input_gradient(&w, values, 0, 0, count, count, dx);
    free(values), free(products), free(filters), free(sum), free(transposed);
}

/* Patch rows times packed filters; only forward and the gradient of the filters, in one block per image. */
static void patches(const espalier_kernels *k, layer l, const float *x, const float *g, const float *dy, float *y,
                    float *dg) {
    const int n = l.side, c = l.channels, depth = 9 * c, pixels = n * n;
    const espalier_window w = {n, n, c, c, 3, 3, 1, 1, 1, 1, 1, 1, n, n};
    float *rows = floats((size_t)pixels * depth), *packed = floats((size_t)depth * (c + 16));
    k->pack(g, c, 1, depth, c, packed);
    for (int image = 0; image < l.images; image++) {
        const size_t start = (size_t)image * pixels * c, lanes = k->lanes;
        espalier_patches(x + start, &w, 0, n, rows);
        espalier_product p = {.rows = pixels, .columns = c, .inner = depth, .left = rows, .left_row = depth,
                              .left_block = lanes, .right = packed, .right_block = depth * lanes, .result = y + start,
                              .result_row = c, .result_block = lanes};
        k->multiply(&p);
        espalier_product q = {.rows = depth, .columns = c, .inner = pixels, .left = rows, .left_row = depth,
                              .left_block = lanes, .right = dy + start, .right_row = c, .right_block = lanes,
                              .result = dg, .result_row = c, .result_block = lanes, .adds = image > 0};
        k->multiply_outer(&q);
    }
    free(rows), free(packed);
}

int main(void) {
    const layer layers[] = {{16, 32, 16}, {16, 16, 32}, {16, 8, 64}, {4, 16, 128}, {8, 8, 256}, {16, 4, 512}, {8, 9, 37}, {16, 32, 9},
                            {16, 32, 7}, {16, 32, 5}, {4, 8, 6}};
    puts("| kernels | images, side, channels | tiles: output | input gradient | filter gradient | patches: output | filter gradient |");
    puts("|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        const layer l = layers[i];
        const size_t size = (size_t)l.images * l.side * l.side * l.channels, filter = (size_t)9 * l.channels * l.channels;
        float *x = normal(size, 1), *g = normal(filter, 2), *dy = normal(size, 3);
        double *y = calloc(size, 8), *dx = calloc(size, 8), *dg = calloc(filter, 8);
        exact(l, x, g, dy, y, dx, dg);
        for (int set = espalier_portable; set <= espalier_avx512; set++) {
            const espalier_kernels *k = espalier_kernels_of((espalier_instruction_set)set);
            if (!k || set == espalier_wide) continue;
            float *own_y = floats(size), *own_dx = floats(size), *own_dg = floats(filter);
            printf("| %s | %d, %d, %d ", k->name, l.images, l.side, l.channels);
            tiles(k, l, x, g, dy, own_y, own_dx, own_dg);
            printf("| %.1e | %.1e | %.1e ", error(own_y, y, size), error(own_dx, dx, size), error(own_dg, dg, filter));
            patches(k, l, x, g, dy, own_y, own_dg);
            printf("| %.1e | %.1e |\n", error(own_y, y, size), error(own_dg, dg, filter));
            free(own_y), free(own_dx), free(own_dg);
        }
        free(x), free(g), free(dy), free(y), free(dx), free(dg);
    }
}
