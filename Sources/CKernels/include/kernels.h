#ifndef ESPALIER_KERNELS_H
#define ESPALIER_KERNELS_H
#include <stddef.h>

/* A window sliding over one NHWC image. Letters: H, W, C input; Kh, Kw window; Ho, Wo output.
   `channels` is the stride between pixels; the kernels touch `width` channels from the pointer they are given. */
typedef struct {
    int input_height, input_width, channels, width;
    int window_height, window_width;
    int stride_height, stride_width;
    int dilation_height, dilation_width;
    int top, left;
    int output_height, output_width;
} espalier_window;

/* Rows [first_row, last_row) of the output grid as patch rows [row][Kh*Kw*width]; outside the image is zero. */
void espalier_patches(const float *image, const espalier_window *window, int first_row, int last_row,
                      float *patches);

/* The adjoint of espalier_patches: adds patch rows back into the image. */
void espalier_patches_add(const float *patches, const espalier_window *window, int first_row, int last_row,
                          float *image);

/* Depthwise convolution of one image with multiplier 1: kernel [Kh, Kw, C], bias [C] or null, output [Ho, Wo, C]. */
void espalier_depthwise(const float *image, const float *kernel, const float *bias,
                        const espalier_window *window, float *output);

/* Its gradients, added to what is there: input gradient [H, W, C] and kernel gradient [Kh, Kw, C]; either may be null. */
void espalier_depthwise_gradient(const float *image, const float *kernel, const float *output_gradient,
                                 const espalier_window *window, float *input_gradient,
                                 float *kernel_gradient);

/* Sets glibc's allocator to keep large blocks instead of returning them to the kernel after each layer. */
void espalier_keep_large_blocks(void);

#endif
