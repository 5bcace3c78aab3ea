/* Depthwise convolution of one image with multiplier 1: kernel [Kh, Kw, C], one filter per channel. */

/* How many output pixels of a row are computed together: their accumulators and one tap stay in registers. */
enum { pixels_together = 4 };

/* The input row of an output row and a tap, or nothing. */
INLINE int tap_position(int position, int stride, int tap, int dilation, int before) {
    return position * stride + tap * dilation - before;
}

/* output [Ho, Wo, C] = image * kernel + bias. */
static void depthwise(const float *image, const float *kernel, const float *bias, const espalier_window *w,
                      float *output) {
    const int channels = w->channels;
    for (int row = 0; row < w->output_height; row++)
        for (int first = 0; first < w->output_width; first += pixels_together)
            for (int c = 0; c < channels; c += WIDTH) {
                const int own = channels - c;
                const int count = w->output_width - first < pixels_together ? w->output_width - first : pixels_together;
                vector sum[pixels_together];
                UNROLL for (int i = 0; i < pixels_together; i++) sum[i] = bias ? load_upto(bias + c, own) : splat(0);
                for (int u = 0; u < w->window_height; u++) {
                    const int y = tap_position(row, w->stride_height, u, w->dilation_height, w->top);
                    if (y < 0 || y >= w->input_height) continue;
                    for (int v = 0; v < w->window_width; v++) {
                        const vector tap = load_upto(kernel + ((size_t)u * w->window_width + v) * channels + c, own);
                        UNROLL for (int i = 0; i < pixels_together; i++) {
                            const int x = tap_position(first + i, w->stride_width, v, w->dilation_width, w->left);
                            if (i < count && x >= 0 && x < w->input_width)
                                sum[i] = multiply_add(
                                    load_upto(image + ((size_t)y * w->input_width + x) * channels + c, own), tap,
                                    sum[i]);
                        }
                    }
                }
                for (int i = 0; i < count; i++)
                    store_upto(output + ((size_t)row * w->output_width + first + i) * channels + c, sum[i], own);
            }
}

/* The gradient of the image [H, W, C], all of it: each pixel gathers from the outputs whose window meets it. */
static void depthwise_input_gradient(const float *kernel, const float *gradient, const espalier_window *w,
                                     float *result) {
    const int channels = w->channels;
    for (int y = 0; y < w->input_height; y++)
        for (int x = 0; x < w->input_width; x++, result += channels)
            for (int c = 0; c < channels; c += WIDTH) {
                const int own = channels - c;
                vector sum = splat(0);
                for (int u = 0; u < w->window_height; u++) {
                    const int row = y + w->top - u * w->dilation_height;
                    if (row < 0 || row % w->stride_height || row / w->stride_height >= w->output_height) continue;
                    for (int v = 0; v < w->window_width; v++) {
                        const int column = x + w->left - v * w->dilation_width;
                        if (column < 0 || column % w->stride_width || column / w->stride_width >= w->output_width)
                            continue;
                        const size_t at =
                            (size_t)(row / w->stride_height) * w->output_width + column / w->stride_width;
                        sum = multiply_add(load_upto(gradient + at * channels + c, own),
                                           load_upto(kernel + ((size_t)u * w->window_width + v) * channels + c, own),
                                           sum);
                    }
                }
                store_upto(result + c, sum, own);
            }
}

/* Adds the gradient of the kernel [Kh, Kw, C]. */
static void depthwise_kernel_gradient(const float *image, const float *gradient, const espalier_window *w,
                                      float *result) {
    const int channels = w->channels;
    for (int u = 0; u < w->window_height; u++)
        for (int v = 0; v < w->window_width; v++, result += channels)
            for (int row = 0; row < w->output_height; row++) {
                const int y = tap_position(row, w->stride_height, u, w->dilation_height, w->top);
                if (y < 0 || y >= w->input_height) continue;
                for (int c = 0; c < channels; c += WIDTH) {
                    const int own = channels - c;
                    vector sum = splat(0);
                    for (int column = 0; column < w->output_width; column++) {
                        const int x = tap_position(column, w->stride_width, v, w->dilation_width, w->left);
                        if (x < 0 || x >= w->input_width) continue;
                        sum = multiply_add(
                            load_upto(image + ((size_t)y * w->input_width + x) * channels + c, own),
                            load_upto(gradient + ((size_t)row * w->output_width + column) * channels + c, own), sum);
                    }
                    store_upto(result + c, load_upto(result + c, own) + sum, own);
                }
            }
}
