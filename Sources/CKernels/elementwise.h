/* Maps over `count` floats, whatever their shape; the last vector may be incomplete. */

/* y = min(max(0, x), ceiling) */
static void rectify(const float *x, float ceiling, size_t count, float *y) {
    for (size_t i = 0; i < count; i += WIDTH)
        store_upto(y + i, clipped(load_upto(x + i, count - i), 0, ceiling), count - i);
}

/* dx = dy where 0 < x < ceiling */
static void rectify_gradient(const float *dy, const float *x, float ceiling, size_t count, float *dx) {
    for (size_t i = 0; i < count; i += WIDTH)
        store_upto(dx + i, gated(load_upto(dy + i, count - i), load_upto(x + i, count - i), ceiling), count - i);
}

/* y = a + b */
static void add(const float *a, const float *b, size_t count, float *y) {
    for (size_t i = 0; i < count; i += WIDTH)
        store_upto(y + i, load_upto(a + i, count - i) + load_upto(b + i, count - i), count - i);
}

/* Keras' momentum: m = momentum m - rate g, w += m, or looking ahead w += momentum m - rate g; g = gradient + decay w. */
static void momentum_step(const float *gradient, float decay, float momentum, float rate, int looks_ahead,
                          size_t count, float *moment, float *weight) {
    for (size_t i = 0; i < count; i += WIDTH) {
        const size_t rest = count - i;
        const vector own = load_upto(weight + i, rest);
        const vector step = splat(rate) * multiply_add(splat(decay), own, load_upto(gradient + i, rest));
        const vector next = splat(momentum) * load_upto(moment + i, rest) - step;
        store_upto(moment + i, next, rest);
        store_upto(weight + i, own + (looks_ahead ? splat(momentum) * next - step : next), rest);
    }
}

/* Adam: m += (g - m) first, v += (g^2 - v) second, w -= rate m / (sqrt(v) + epsilon); g = gradient + decay w. */
static void adam_step(const float *gradient, float decay, float first, float second, float rate, float epsilon,
                      size_t count, float *mean, float *square, float *weight) {
    for (size_t i = 0; i < count; i += WIDTH) {
        const size_t rest = count - i;
        const vector own = load_upto(weight + i, rest), old_mean = load_upto(mean + i, rest);
        const vector old_square = load_upto(square + i, rest);
        const vector slope = multiply_add(splat(decay), own, load_upto(gradient + i, rest));
        const vector next_mean = old_mean + (slope - old_mean) * splat(first);
        const vector next_square = old_square + (slope * slope - old_square) * splat(second);
        const vector root = __builtin_elementwise_sqrt(next_square);
        store_upto(mean + i, next_mean, rest);
        store_upto(square + i, next_square, rest);
        store_upto(weight + i, own - splat(rate) * next_mean / (root + splat(epsilon)), rest);
    }
}
