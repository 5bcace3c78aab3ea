/* Maps and sums over rows of channels, x [rows, channels].

   Maps walk along memory and ignore where rows end: their coefficients are repeated until they fill whole vectors.
   Sums keep WIDTH rows apart in the same way and are added in Float64 at the end of a piece. */

/* y = x * scale + offset (+ addend), cut at low and high; scale and offset [period], repeated channel coefficients.
   The first element is that of a channel 0; `count` elements. */
static void channel_linear(const float *x, const float *scale, const float *offset, const float *addend, float low,
                           float high, size_t period, size_t count, float *y) {
    for (size_t start = 0; start < count; start += period) {
        const size_t length = count - start < period ? count - start : period;
        const float *from = x + start, *other = addend ? addend + start : NULL;
        float *to = y + start;
        size_t i = 0;
        for (; i + WIDTH <= length; i += WIDTH) {
            vector value = multiply_add(load(from + i), load(scale + i), load(offset + i));
            if (other) value += load(other + i);
            store(to + i, clipped(value, low, high));
        }
        if (i < length) {
            const int rest = (int)(length - i);
            vector value =
                multiply_add(load_first(from + i, rest), load_first(scale + i, rest), load_first(offset + i, rest));
            if (other) value += load_first(other + i, rest);
            store_first(to + i, clipped(value, low, high), rest);
        }
    }
}

/* The gradient that passes a ReLU: dy where its output, or input, is above zero and below the ceiling. */
INLINE vector gated(vector gradient, vector output, float ceiling) {
    return ((output > 0.0f) & (output < splat(ceiling))) ? gradient : splat(0);
}

/* dx = dy * a + x * b + c per channel, the backward pass of BatchNorm; coefficients repeated to `period`. Where an
   output of a ReLU behind it is given, dy passes that first. */
static void channel_combination(const float *dy, const float *output, float ceiling, const float *x, const float *a,
                                const float *b, const float *c, size_t period, size_t count, float *dx) {
    for (size_t start = 0; start < count; start += period) {
        const size_t length = count - start < period ? count - start : period;
        for (size_t i = 0; i < length; i += WIDTH) {
            const size_t rest = length - i, at = start + i;
            vector gradient = load_upto(dy + at, rest);
            if (output) gradient = gated(gradient, load_upto(output + at, rest), ceiling);
            const vector own = multiply_add(load_upto(x + at, rest), load_upto(b + i, rest), load_upto(c + i, rest));
            store_upto(dx + at, multiply_add(gradient, load_upto(a + i, rest), own), rest);
        }
    }
}

/* Rows that are added in float before Float64 takes over. */
enum { rows_together = 32 };

INLINE void add_doubles(double *sums, vector x) {
    unaligned_doubles *place = (unaligned_doubles *)sums;
    *place += __builtin_convertvector(x, doubles);
}

/* Adds sum(x) over rows to sums [channels, padded to whole vectors]. */
static void channel_sums(const float *x, int rows, int channels, double *sums) {
    for (int r = 0; r < rows; r += rows_together) {
        const int count = rows - r < rows_together ? rows - r : rows_together;
        const float *start = x + (size_t)r * channels;
        for (int c = 0; c < channels; c += WIDTH) {
            vector sum = splat(0);
            for (int i = 0; i < count; i++) sum += load_upto(start + (size_t)i * channels + c, channels - c);
            add_doubles(sums + c, sum);
        }
    }
}

/* Adds sum(x - center) and sum((x - center)^2) over rows to sums and squares [channels, padded to whole vectors]. */
static void channel_moments(const float *x, int rows, int channels, const float *center, double *sums,
                            double *squares) {
    for (int r = 0; r < rows; r += rows_together) {
        const int count = rows - r < rows_together ? rows - r : rows_together;
        const float *start = x + (size_t)r * channels;
        for (int c = 0; c < channels; c += WIDTH) {
            const vector middle = load_upto(center + c, channels - c);
            vector sum = splat(0), square = splat(0);
            for (int i = 0; i < count; i++) {
                const vector difference = load_upto(start + (size_t)i * channels + c, channels - c) - middle;
                sum += difference;
                square = multiply_add(difference, difference, square);
            }
            add_doubles(sums + c, sum);
            add_doubles(squares + c, square);
        }
    }
}

/* Adds sum(dy) and sum(dy (x - center)) over rows to sums and products [channels, padded to whole vectors]. Where an
   output of a ReLU behind is given, dy passes that first. */
static void channel_products(const float *dy, const float *output, float ceiling, const float *x, int rows,
                             int channels, const float *center, double *sums, double *products) {
    for (int r = 0; r < rows; r += rows_together) {
        const int count = rows - r < rows_together ? rows - r : rows_together;
        for (int c = 0; c < channels; c += WIDTH) {
            const int own = channels - c;
            const vector middle = load_upto(center + c, own);
            vector sum = splat(0), product = splat(0);
            for (int i = r; i < r + count; i++) {
                const size_t at = (size_t)i * channels + c;
                vector gradient = load_upto(dy + at, own);
                if (output) gradient = gated(gradient, load_upto(output + at, own), ceiling);
                sum += gradient;
                product = multiply_add(gradient, load_upto(x + at, own) - middle, product);
            }
            add_doubles(sums + c, sum);
            add_doubles(products + c, product);
        }
    }
}
