#include "include/kernels.h"
#include <string.h>

/* The positions [first, last) of a window's row that fall inside the image, for a window that begins at column `x`. */
static void inside(const espalier_window *w, int x, int *first, int *last) {
    *first = 0, *last = w->window_width;
    while (*first < *last && x + *first * w->dilation_width < 0) ++*first;
    while (*last > *first && x + (*last - 1) * w->dilation_width >= w->input_width) --*last;
}

static void copy_row(const float *source, size_t pixel, size_t width, int count, float *target) {
    /* Neighbouring pixels that are wanted whole are one piece of memory. */
    if (pixel == width) width *= count, count = 1;
    for (int v = 0; v < count; v++) memcpy(target + v * width, source + v * pixel, width * sizeof(float));
}

static void add_row(const float *restrict source, size_t pixel, size_t width, int count, float *restrict target) {
    if (pixel == width) width *= count, count = 1;
    for (int v = 0; v < count; v++)
        for (size_t c = 0; c < width; c++) target[v * pixel + c] += source[v * width + c];
}

void espalier_patches(const float *image, const espalier_window *w, int first_row, int last_row, float *patches) {
    const size_t pixel = (size_t)w->channels, width = (size_t)w->width, line = width * w->window_width;
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < w->output_width; column++) {
            const int x = column * w->stride_width - w->left;
            int first, last;
            inside(w, x, &first, &last);
            for (int u = 0; u < w->window_height; u++, patches += line) {
                const int y = row * w->stride_height + u * w->dilation_height - w->top;
                if (y < 0 || y >= w->input_height || first == last) {
                    memset(patches, 0, line * sizeof(float));
                    continue;
                }
                const ptrdiff_t place = (ptrdiff_t)y * w->input_width + x + first * w->dilation_width;
                memset(patches, 0, first * width * sizeof(float));
                copy_row(image + place * (ptrdiff_t)pixel, pixel * w->dilation_width, width, last - first,
                         patches + first * width);
                memset(patches + last * width, 0, (w->window_width - last) * width * sizeof(float));
            }
        }
}

void espalier_patch_row(const float *image, const espalier_window *w, int row, int column, double *patch) {
    const int x = column * w->stride_width - w->left, width = w->width;
    for (int u = 0; u < w->window_height; u++) {
        const int y = row * w->stride_height + u * w->dilation_height - w->top;
        for (int v = 0; v < w->window_width; v++, patch += width) {
            const int at = x + v * w->dilation_width;
            if (y < 0 || y >= w->input_height || at < 0 || at >= w->input_width) {
                memset(patch, 0, width * sizeof(double));
                continue;
            }
            const float *pixel = image + ((size_t)y * w->input_width + at) * w->channels;
            for (int c = 0; c < width; c++) patch[c] = pixel[c];
        }
    }
}

void espalier_patches_add(const float *patches, const espalier_window *w, int first_row, int last_row, float *image) {
    const size_t pixel = (size_t)w->channels, width = (size_t)w->width, line = width * w->window_width;
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < w->output_width; column++) {
            const int x = column * w->stride_width - w->left;
            int first, last;
            inside(w, x, &first, &last);
            for (int u = 0; u < w->window_height; u++, patches += line) {
                const int y = row * w->stride_height + u * w->dilation_height - w->top;
                if (y < 0 || y >= w->input_height || first == last) continue;
                const ptrdiff_t place = (ptrdiff_t)y * w->input_width + x + first * w->dilation_width;
                add_row(patches + first * width, pixel * w->dilation_width, width, last - first,
                        image + place * (ptrdiff_t)pixel);
            }
        }
}
