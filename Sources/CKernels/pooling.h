/* Pooling of one image [H, W, C] over windows; pixels outside the image do not take part. */

/* The input rows or columns [first, last) of a window. */
INLINE span window_span(int position, int stride, int size, int before, int length) {
    const int start = position * stride - before;
    const span own = inside(start, size, length);
    return (span){start + own.first, start + own.last};
}

/* The larger of two, and a NaN where there is one. */
INLINE vector larger(vector x, vector y) { return ((x > y) | (x != x)) ? x : y; }

/* y [Ho, Wo, C]: the largest, or the mean where `averages`. */
static void pool(const float *image, const espalier_window *w, int averages, float *y) {
    const int channels = w->channels;
    for (int row = 0; row < w->output_height; row++) {
        const span rows = window_span(row, w->stride_height, w->window_height, w->top, w->input_height);
        for (int column = 0; column < w->output_width; column++, y += channels) {
            const span columns = window_span(column, w->stride_width, w->window_width, w->left, w->input_width);
            const float count = (float)((rows.last - rows.first) * (columns.last - columns.first));
            for (int c = 0; c < channels; c += WIDTH) {
                const int own = channels - c;
                vector result = splat(averages ? 0 : -__builtin_inff());
                for (int v = rows.first; v < rows.last; v++)
                    for (int h = columns.first; h < columns.last; h++) {
                        const vector x = load_upto(image + ((size_t)v * w->input_width + h) * channels + c, own);
                        result = averages ? result + x : larger(x, result);
                    }
                store_upto(y + c, averages ? result / splat(count) : result, own);
            }
        }
    }
}

/* Adds to dx [H, W, C]: the mean's gradient goes to all pixels alike, the largest's to the first that equals it. */
static void pool_gradient(const float *image, const float *dy, const espalier_window *w, int averages, float *dx) {
    const int channels = w->channels;
    for (int row = 0; row < w->output_height; row++) {
        const span rows = window_span(row, w->stride_height, w->window_height, w->top, w->input_height);
        for (int column = 0; column < w->output_width; column++, dy += channels) {
            const span columns = window_span(column, w->stride_width, w->window_width, w->left, w->input_width);
            const float count = (float)((rows.last - rows.first) * (columns.last - columns.first));
            for (int c = 0; c < channels; c += WIDTH) {
                const int own = channels - c;
                vector gradient = load_upto(dy + c, own), best = splat(-__builtin_inff());
                if (averages) gradient /= splat(count);
                for (int v = rows.first; v < rows.last && !averages; v++)
                    for (int h = columns.first; h < columns.last; h++) {
                        const vector x = load_upto(image + ((size_t)v * w->input_width + h) * channels + c, own);
                        best = x > best ? x : best;
                    }
                for (int v = rows.first; v < rows.last; v++)
                    for (int h = columns.first; h < columns.last; h++) {
                        const size_t at = ((size_t)v * w->input_width + h) * channels + c;
                        vector share = gradient;
                        if (!averages) {
                            const vector x = load_upto(image + at, own);
                            share = x == best ? gradient : splat(0);
                            gradient = x == best ? splat(0) : gradient;
                        }
                        store_upto(dx + at, load_upto(dx + at, own) + share, own);
                    }
            }
        }
    }
}
