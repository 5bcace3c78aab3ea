#include "include/kernels.h"
#include <string.h>

void espalier_patches(const float *image, const espalier_window *w, int first_row,
                                      int last_row, float *patches) {
    const size_t pixel = (size_t)w->channels, width = (size_t)w->width;
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < w->output_width; column++)
            for (int u = 0; u < w->window_height; u++) {
                const int y = row * w->stride_height + u * w->dilation_height - w->top;
                for (int v = 0; v < w->window_width; v++) {
                    const int x = column * w->stride_width + v * w->dilation_width - w->left;
                    if (y < 0 || y >= w->input_height || x < 0 || x >= w->input_width)
                        memset(patches, 0, width * sizeof(float));
                    else
                        memcpy(patches, image + ((size_t)y * w->input_width + x) * pixel,
                               width * sizeof(float));
                    patches += width;
                }
            }
}

void espalier_patches_add(const float *patches, const espalier_window *w, int first_row,
                                          int last_row, float *image) {
    const size_t pixel = (size_t)w->channels, width = (size_t)w->width;
    for (int row = first_row; row < last_row; row++)
        for (int column = 0; column < w->output_width; column++)
            for (int u = 0; u < w->window_height; u++) {
                const int y = row * w->stride_height + u * w->dilation_height - w->top;
                for (int v = 0; v < w->window_width; v++, patches += width) {
                    const int x = column * w->stride_width + v * w->dilation_width - w->left;
                    if (y < 0 || y >= w->input_height || x < 0 || x >= w->input_width) continue;
                    float *restrict target = image + ((size_t)y * w->input_width + x) * pixel;
                    const float *restrict source = patches;
                    for (size_t c = 0; c < width; c++) target[c] += source[c];
                }
            }
}
