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

/* The coefficients of a gate and a combination for one vector of channels. */
typedef struct {
    vector a, b, c, scale, offset;
} combination_vectors;

INLINE void take_gate(const espalier_gate *gate, size_t place, size_t count, combination_vectors *own) {
    if (!gate->scale) return;
    own->scale = load_upto(gate->scale + place, count);
    own->offset = load_upto(gate->offset + place, count);
}

INLINE combination_vectors take_combination(const espalier_combination *k, size_t place, size_t count) {
    combination_vectors own;
    own.a = load_upto(k->on_gradient + place, count);
    own.b = load_upto(k->on_value + place, count);
    own.c = load_upto(k->constant + place, count);
    take_gate(&k->gate, place, count, &own);
    return own;
}

/* The gradient behind a gate; x is the value at its place in memory, `at`. */
INLINE vector passed_gate(vector gradient, vector x, const espalier_gate *gate, size_t at, size_t count,
                          const combination_vectors *own) {
    if (gate->output) return gated(gradient, load_upto(gate->output + at, count), gate->ceiling);
    if (gate->scale) return gated(gradient, multiply_add(x, own->scale, own->offset), gate->ceiling);
    return gradient;
}

INLINE vector combined(vector gradient, vector x, const espalier_combination *k, size_t at, size_t count,
                       const combination_vectors *own) {
    const vector passed = passed_gate(gradient, x, &k->gate, at, count, own);
    return multiply_add(passed, own->a, multiply_add(x, own->b, own->c));
}

/* The gradient behind a normalization; coefficients repeated to `period`. */
static void channel_combination(const float *dy, const espalier_combination *k, size_t period, size_t count,
                                float *dx) {
    for (size_t start = 0; start < count; start += period) {
        const size_t length = count - start < period ? count - start : period;
        for (size_t i = 0; i < length; i += WIDTH) {
            const size_t rest = length - i, at = start + i;
            const combination_vectors own = take_combination(k, i, rest);
            const vector gradient = load_upto(dy + at, rest), x = load_upto(k->x + at, rest);
            store_upto(dx + at, combined(gradient, x, k, at, rest, &own), rest);
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

/* Adds sum(dy) and sum(dy (x - center)) over rows to sums and products [channels, padded to whole vectors], dy having
   passed the gate; what passed is stored where that is wanted. */
static void channel_products(const float *dy, const espalier_gate *gate, const float *x, int rows, int channels,
                             const float *center, float *passed, double *sums, double *products) {
    for (int r = 0; r < rows; r += rows_together) {
        const int count = rows - r < rows_together ? rows - r : rows_together;
        for (int c = 0; c < channels; c += WIDTH) {
            const int own = channels - c;
            const vector middle = load_upto(center + c, own);
            combination_vectors coefficients;
            take_gate(gate, c, own, &coefficients);
            vector sum = splat(0), product = splat(0);
            for (int i = r; i < r + count; i++) {
                const size_t at = (size_t)i * channels + c;
                const vector value = load_upto(x + at, own);
                const vector gradient = passed_gate(load_upto(dy + at, own), value, gate, at, own, &coefficients);
                if (passed) store_upto(passed + at, gradient, own);
                sum += gradient;
                product = multiply_add(gradient, value - middle, product);
            }
            add_doubles(sums + c, sum);
            add_doubles(products + c, product);
        }
    }
}
