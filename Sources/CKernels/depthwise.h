/* Depthwise convolution of one image with multiplier 1: kernel [Kh, Kw, C], one filter per channel. */

/* How many output pixels of a row are computed together: their accumulators and one tap stay in registers. */
enum { pixels_together = 4 };

/* The input row or column of an output row or column and a tap. */
INLINE int tap_position(int position, int stride, int tap, int dilation, int before) {
    return position * stride + tap * dilation - before;
}

/* The kernel's tap at (u, v), or its mirror image. */
INLINE const float *tap_at(const float *kernel, const espalier_window *w, int u, int v, int is_mirrored) {
    const int at = u * w->window_width + v, last = w->window_height * w->window_width - 1;
    return kernel + (size_t)(is_mirrored ? last - at : at) * w->channels;
}

/* `count` neighbours of an output row for the channels from c on; with `is_inside` all columns of their windows exist. */
INLINE void depthwise_pixels(const float *image, const float *kernel, const espalier_window *w, int is_mirrored,
                             int row, int first, int count, int c, int own, int is_inside, vector *sum) {
    UNROLL for (int i = 0; i < pixels_together; i++) sum[i] = splat(0);
    for (int u = 0; u < w->window_height; u++) {
        const int y = tap_position(row, w->stride_height, u, w->dilation_height, w->top);
        if (y < 0 || y >= w->input_height) continue;
        const float *line = image + (size_t)y * w->input_width * w->channels + c;
        for (int v = 0; v < w->window_width; v++) {
            const vector tap = load_upto(tap_at(kernel, w, u, v, is_mirrored) + c, own);
            const int start = tap_position(first, w->stride_width, v, w->dilation_width, w->left);
            UNROLL for (int i = 0; i < pixels_together; i++) {
                const int x = start + i * w->stride_width;
                if (is_inside || (i < count && x >= 0 && x < w->input_width))
                    sum[i] = multiply_add(load_upto(line + (ptrdiff_t)x * w->channels, own), tap, sum[i]);
            }
        }
    }
}

/* output [Ho, Wo, C] = image * kernel or its mirror image, finished. */
static void depthwise_rows(const float *image, const float *kernel, const espalier_window *w, int is_mirrored,
                           const espalier_finish *finish, float *output) {
    const int channels = w->channels, reach = (w->window_width - 1) * w->dilation_width;
    for (int row = 0; row < w->output_height; row++)
        for (int first = 0; first < w->output_width; first += pixels_together) {
            const int count = clamp(w->output_width - first, 0, pixels_together);
            const int start = first * w->stride_width - w->left;
            const int end = start + (pixels_together - 1) * w->stride_width + reach;
            const int is_inside = count == pixels_together && start >= 0 && end < w->input_width;
            float *place = output + ((size_t)row * w->output_width + first) * channels;
            for (int c = 0; c < channels; c += WIDTH) {
                const int own = channels - c;
                vector sum[pixels_together];
                if (is_inside && own >= WIDTH)
                    depthwise_pixels(image, kernel, w, is_mirrored, row, first, count, c, WIDTH, 1, sum);
                else
                    depthwise_pixels(image, kernel, w, is_mirrored, row, first, count, c, own, 0, sum);
                UNROLL for (int i = 0; i < pixels_together; i++) {
                    if (i >= count) continue;
                    float *pixel = place + (size_t)i * channels + c;
                    store_upto(pixel, finish ? finished(sum[i], finish, c, pixel - output, own) : sum[i], own);
                }
            }
        }
}

/* output [Ho, Wo, C] = image * kernel, finished. */
static void depthwise(const float *image, const float *kernel, const espalier_window *w, const espalier_finish *finish,
                      float *output) {
    depthwise_rows(image, kernel, w, 0, finish, output);
}

/* Outputs whose windows meet one input pixel, and the taps where they do. */
typedef struct {
    const float *gradients[64], *taps[64];
    int count;
} meetings;

/* Adds the products of some meetings to a pixel, or begins it with them. */
INLINE void add_meetings(const meetings *found, int channels, int adds, float *pixel) {
    for (int c = 0; c < channels; c += WIDTH) {
        const int own = channels - c;
        vector sum = adds ? load_upto(pixel + c, own) : splat(0);
        for (int i = 0; i < found->count; i++)
            sum = multiply_add(load_upto(found->gradients[i] + c, own), load_upto(found->taps[i] + c, own), sum);
        store_upto(pixel + c, sum, own);
    }
}

/* One pixel of the image's gradient: it gathers from the outputs whose window meets it. */
INLINE void depthwise_gather(const float *kernel, const float *gradient, const espalier_window *w, int y, int x,
                             float *pixel) {
    meetings found = {.count = 0};
    int adds = 0;
    for (int u = 0; u < w->window_height; u++) {
        const int row = y + w->top - u * w->dilation_height;
        if (row < 0 || row % w->stride_height || row / w->stride_height >= w->output_height) continue;
        const float *line = gradient + (size_t)(row / w->stride_height) * w->output_width * w->channels;
        for (int v = 0; v < w->window_width; v++) {
            const int column = x + w->left - v * w->dilation_width;
            if (column < 0 || column % w->stride_width || column / w->stride_width >= w->output_width) continue;
            found.gradients[found.count] = line + (size_t)(column / w->stride_width) * w->channels;
            found.taps[found.count++] = tap_at(kernel, w, u, v, 0);
            if (found.count == 64) {
                add_meetings(&found, w->channels, adds, pixel);
                adds = 1;
                found.count = 0;
            }
        }
    }
    add_meetings(&found, w->channels, adds, pixel);
}

/* The gradient of the image [H, W, C], all of it; with stride 1 it is a convolution with the mirrored kernel. */
static void depthwise_input_gradient(const float *kernel, const float *gradient, const espalier_window *w,
                                     float *result) {
    if (w->stride_height == 1 && w->stride_width == 1) {
        espalier_window mirrored = *w;
        mirrored.input_height = w->output_height;
        mirrored.input_width = w->output_width;
        mirrored.output_height = w->input_height;
        mirrored.output_width = w->input_width;
        mirrored.top = (w->window_height - 1) * w->dilation_height - w->top;
        mirrored.left = (w->window_width - 1) * w->dilation_width - w->left;
        return depthwise_rows(gradient, kernel, &mirrored, 1, NULL, result);
    }
    for (int y = 0; y < w->input_height; y++)
        for (int x = 0; x < w->input_width; x++, result += w->channels)
            depthwise_gather(kernel, gradient, w, y, x, result);
}

/* Taps of a kernel row whose gradients are summed together. */
enum { taps_together = 3 };

/* Adds what an output row gives to `count` neighbouring taps; `line` is the input row they meet. */
INLINE void depthwise_taps(const float *line, const float *gradients, const espalier_window *w, int first_tap,
                           int count, int c, int own, float *result) {
    const size_t channels = (size_t)w->channels;
    const int start = first_tap * w->dilation_width - w->left, reach = (taps_together - 1) * w->dilation_width;
    vector sum[taps_together];
    UNROLL for (int i = 0; i < taps_together; i++) sum[i] = splat(0);
    for (int column = 0; column < w->output_width; column++) {
        const int x = column * w->stride_width + start;
        const vector gradient = load_upto(gradients + column * channels, own);
        if (count == taps_together && x >= 0 && x + reach < w->input_width) {
            UNROLL for (int i = 0; i < taps_together; i++)
                sum[i] = multiply_add(load_upto(line + (x + i * w->dilation_width) * channels, own), gradient, sum[i]);
            continue;
        }
        UNROLL for (int i = 0; i < taps_together; i++) {
            const int own_x = x + i * w->dilation_width;
            if (i < count && own_x >= 0 && own_x < w->input_width)
                sum[i] = multiply_add(load_upto(line + own_x * channels, own), gradient, sum[i]);
        }
    }
    UNROLL for (int i = 0; i < taps_together; i++) {
        if (i >= count) continue;
        float *place = result + (size_t)(first_tap + i) * channels + c;
        store_upto(place, load_upto(place, own) + sum[i], own);
    }
}

/* Adds the gradient of the kernel [Kh, Kw, C], output row by output row, so that both images are read once. */
static void depthwise_kernel_gradient(const float *image, const float *gradient, const espalier_window *w,
                                      float *result) {
    const size_t channels = (size_t)w->channels;
    for (int row = 0; row < w->output_height; row++)
        for (int u = 0; u < w->window_height; u++) {
            const int y = tap_position(row, w->stride_height, u, w->dilation_height, w->top);
            if (y < 0 || y >= w->input_height) continue;
            const float *line = image + (size_t)y * w->input_width * channels;
            const float *gradients = gradient + (size_t)row * w->output_width * channels;
            float *taps = result + (size_t)u * w->window_width * channels;
            for (int v = 0; v < w->window_width; v += taps_together)
                for (int c = 0; c < w->channels; c += WIDTH) {
                    const int own = w->channels - c, count = clamp(w->window_width - v, 0, taps_together);
                    if (own >= WIDTH)
                        depthwise_taps(line + c, gradients + c, w, v, count, c, WIDTH, taps);
                    else
                        depthwise_taps(line + c, gradients + c, w, v, count, c, own, taps);
                }
        }
}
