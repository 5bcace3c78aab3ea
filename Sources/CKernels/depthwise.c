#include "dispatch.h"
#include "kernels.h"
#include <string.h>

ESPALIER_VECTOR void espalier_depthwise(const float *image, const float *kernel, const float *bias,
                                        const espalier_window *w, float *output) {
    const size_t channels = (size_t)w->channels;
    for (int row = 0; row < w->output_height; row++)
        for (int column = 0; column < w->output_width; column++, output += channels) {
            float *restrict target = output;
            if (bias)
                memcpy(target, bias, channels * sizeof(float));
            else
                memset(target, 0, channels * sizeof(float));
            for (int u = 0; u < w->window_height; u++) {
                const int y = row * w->stride_height + u * w->dilation_height - w->top;
                if (y < 0 || y >= w->input_height) continue;
                for (int v = 0; v < w->window_width; v++) {
                    const int x = column * w->stride_width + v * w->dilation_width - w->left;
                    if (x < 0 || x >= w->input_width) continue;
                    const float *restrict source = image + ((size_t)y * w->input_width + x) * channels;
                    const float *restrict tap = kernel + ((size_t)u * w->window_width + v) * channels;
                    for (size_t c = 0; c < channels; c++) target[c] += source[c] * tap[c];
                }
            }
        }
}

ESPALIER_VECTOR void espalier_depthwise_gradient(const float *image, const float *kernel,
                                                 const float *output_gradient, const espalier_window *w,
                                                 float *input_gradient, float *kernel_gradient) {
    const size_t channels = (size_t)w->channels;
    for (int row = 0; row < w->output_height; row++)
        for (int column = 0; column < w->output_width; column++, output_gradient += channels)
            for (int u = 0; u < w->window_height; u++) {
                const int y = row * w->stride_height + u * w->dilation_height - w->top;
                if (y < 0 || y >= w->input_height) continue;
                for (int v = 0; v < w->window_width; v++) {
                    const int x = column * w->stride_width + v * w->dilation_width - w->left;
                    if (x < 0 || x >= w->input_width) continue;
                    const size_t at = ((size_t)y * w->input_width + x) * channels;
                    const size_t tap = ((size_t)u * w->window_width + v) * channels;
                    const float *restrict gradient = output_gradient;
                    if (input_gradient) {
                        float *restrict target = input_gradient + at;
                        const float *restrict weight = kernel + tap;
                        for (size_t c = 0; c < channels; c++) target[c] += gradient[c] * weight[c];
                    }
                    if (kernel_gradient) {
                        float *restrict target = kernel_gradient + tap;
                        const float *restrict source = image + at;
                        for (size_t c = 0; c < channels; c++) target[c] += gradient[c] * source[c];
                    }
                }
            }
}
