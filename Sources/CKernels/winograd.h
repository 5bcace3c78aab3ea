/* Winograd's convolution tile by tile; winograd_points.h has the transforms of one row or column and the letters. */

/* Where a tile lies: its image and the output row and column of its corner. */
typedef struct {
    size_t image;
    int row, column;
} tile_place;

INLINE tile_place place_of_tile(const espalier_winograd *w, size_t tile) {
    const size_t per_image = (size_t)w->tile_rows * w->tile_columns, rest = tile % per_image;
    return (tile_place){tile / per_image, (int)(rest / w->tile_columns) * 4, (int)(rest % w->tile_columns) * 4};
}

/* The place of the tile behind: divisions for each take as long as a transform. */
INLINE tile_place next_place(const espalier_winograd *w, tile_place at) {
    at.column += 4;
    if (at.column < 4 * w->tile_columns) return at;
    at.column = 0, at.row += 4;
    if (at.row < 4 * w->tile_rows) return at;
    return (tile_place){at.image + 1, 0, 0};
}

INLINE int clamp(int x, int low, int high) { return x < low ? low : x > high ? high : x; }

/* Rows or columns [first, last) of a tile that begins at `start` that lie within `length`. */
typedef struct {
    int first, last;
} span;

INLINE span inside(int start, int size, int length) {
    return (span){clamp(-start, 0, size), clamp(length - start, 0, size)};
}

/* How many tiles ahead memory is asked for: tiles are visited row by row of the image, which no processor foresees. */
enum { tiles_ahead = 2 };

/* Asks for the pixels that a tile adds to those of its neighbours, `size` rows of four, for the channels from c on. */
INLINE void ask_for_pixels(const float *corner, ptrdiff_t line, ptrdiff_t pixel, int size) {
    UNROLL for (int i = 0; i < size; i++) UNROLL for (int j = 0; j < 4; j++)
        __builtin_prefetch(corner + i * line + j * pixel);
}

INLINE size_t winograd_point(const espalier_winograd *w, int tiles) {
    return espalier_winograd_tile_point(WIDTH, w, tiles);
}

/* Loops whose passes must stay apart: unrolled, each of the 36 points would want an address register of its own. */
#define KEEP_LOOP _Pragma("clang loop unroll(disable)")

/* What finishes, or changes on reading, the pixels of one tile and channel block: coefficients are loaded once. */
typedef struct {
    const espalier_finish *finish;
    vector bias, scale, offset;
} tile_finish;

INLINE tile_finish take_finish(const espalier_finish *finish, size_t column, size_t count) {
    tile_finish own = {.finish = finish};
    if (finish && finish->bias) own.bias = load_upto(finish->bias + column, count);
    if (finish && finish->scale) {
        own.scale = load_upto(finish->scale + column, count);
        own.offset = load_upto(finish->offset + column, count);
    }
    return own;
}

/* A pixel with what is done to it on reading: a map per channel, cut off. */
INLINE vector taken(const float *pixel, int own, const tile_finish *change) {
    const vector x = load_upto(pixel, own);
    if (!change) return x;
    return clipped(multiply_add(x, change->scale, change->offset), change->finish->low, change->finish->high);
}

/* B^T d B of one tile and channel block. */
INLINE void input_tile(const float *corner, ptrdiff_t line, ptrdiff_t pixel, span rows, span columns, int own,
                       const tile_finish *change, size_t point, float *place) {
    /* Mostly the border is one pixel: then only the first and the last column may be missing. */
    const int is_nearly_whole = columns.first <= 1 && columns.last >= 5;
    vector half[6][6];
    KEEP_LOOP for (int i = 0; i < 6; i++, corner += line) {
        vector d[6];
        if (i < rows.first || i >= rows.last) {
            UNROLL for (int j = 0; j < 6; j++) half[i][j] = splat(0);
            continue;
        }
        if (is_nearly_whole) {
            d[0] = columns.first == 0 ? taken(corner, own, change) : splat(0);
            UNROLL for (int j = 1; j < 5; j++) d[j] = taken(corner + j * pixel, own, change);
            d[5] = columns.last == 6 ? taken(corner + 5 * pixel, own, change) : splat(0);
        } else {
            UNROLL for (int j = 0; j < 6; j++)
                d[j] = j >= columns.first && j < columns.last ? taken(corner + j * pixel, own, change) : splat(0);
        }
        to_points(d, half[i]);
    }
    const size_t row = 6 * point;
    KEEP_LOOP for (int j = 0; j < 6; j++, place += point) {
        vector d[6], q[6];
        UNROLL for (int i = 0; i < 6; i++) d[i] = half[i][j];
        to_points(d, q);
        UNROLL for (int i = 0; i < 6; i++) store(place + i * row, q[i]);
    }
}

/* B^T d B of tiles [first, first + count): points[p][channel block][tile][WIDTH]; beyond the image is zero. */
INLINE void input_transform(const espalier_winograd *w, const float *images, const espalier_finish *change,
                            size_t first, int count, float *points) {
    const int channels = w->input_channels;
    const size_t width = w->input_width, point = winograd_point(w, count);
    tile_place at = place_of_tile(w, first), later = place_of_tile(w, first + tiles_ahead);
    for (int t = 0; t < count; t++, at = next_place(w, at), later = next_place(w, later)) {
        const int top = at.row - w->top, left = at.column - w->left;
        const span rows = inside(top, 6, w->input_height), columns = inside(left, 6, w->input_width);
        const float *image = images + at.image * w->input_height * width * channels;
        const float *corner = image + ((ptrdiff_t)top * (ptrdiff_t)width + left) * channels;
        const float *asked =
            images + ((later.image * w->input_height + later.row + 1) * width + later.column + 1) * channels;
        const ptrdiff_t line = (ptrdiff_t)width * channels;
        for (int c = 0; c < channels; c += WIDTH) {
            float *place = points + (size_t)c * count + (size_t)t * WIDTH;
            ask_for_pixels(asked + c, line, channels, 4);
            const int own = channels - c;
            const tile_finish coefficients = take_finish(change, c, own);
            const tile_finish *on_reading = change ? &coefficients : NULL;
            if (own >= WIDTH)
                input_tile(corner + c, line, channels, rows, columns, WIDTH, on_reading, point, place);
            else
                input_tile(corner + c, line, channels, rows, columns, own, on_reading, point, place);
        }
    }
}

static void winograd_input(const espalier_winograd *w, const float *images, const espalier_finish *change,
                           size_t first, int count, float *points) {
    if (change)
        input_transform(w, images, change, first, count, points);
    else
        input_transform(w, images, NULL, first, count, points);
}

/* Four gradients of a row of a tile, zero outside the image, combined where a normalization lies behind. */
INLINE void take_gradients(const float *p, ptrdiff_t pixel, int columns, int own, const espalier_combination *k,
                           const combination_vectors *coefficients, size_t at, vector *y) {
    UNROLL for (int j = 0; j < 4; j++) {
        if (j >= columns) {
            y[j] = splat(0);
            continue;
        }
        y[j] = load_upto(p + j * pixel, own);
        if (!k) continue;
        const size_t place = at + j * pixel;
        y[j] = combined(y[j], load_upto(k->x + place, own), k, place, own, coefficients);
    }
}

/* A dy A^T of one tile and channel block; `at` is its place in memory. */
INLINE void output_gradient_tile(const float *gradients, const espalier_combination *k, size_t at, size_t line,
                                 size_t pixel, span rows, span columns, int channel, int own, size_t point,
                                 float *place) {
    combination_vectors coefficients;
    if (k) coefficients = take_combination(k, channel, own);
    vector half[4][6];
    KEEP_LOOP for (int i = 0; i < 4; i++, at += line) {
        vector y[4];
        take_gradients(gradients + at, pixel, i < rows.last ? columns.last : 0, own, k, &coefficients, at, y);
        from_output(y, half[i]);
    }
    const size_t row = 6 * point;
    KEEP_LOOP for (int j = 0; j < 6; j++, place += point) {
        vector y[4], q[6];
        UNROLL for (int i = 0; i < 4; i++) y[i] = half[i][j];
        from_output(y, q);
        UNROLL for (int i = 0; i < 6; i++) store(place + i * row, q[i]);
    }
}

/* A dy A^T of tiles [first, first + count): points[p][channel block][tile][WIDTH]. */
INLINE void output_gradient(const espalier_winograd *w, const float *gradients, const espalier_combination *k,
                            size_t first, int count, float *points) {
    const int channels = w->output_channels;
    const size_t width = w->output_width, point = winograd_point(w, count), line = width * channels;
    tile_place at = place_of_tile(w, first), later = place_of_tile(w, first + tiles_ahead);
    for (int t = 0; t < count; t++, at = next_place(w, at), later = next_place(w, later)) {
        const span rows = inside(at.row, 4, w->output_height), columns = inside(at.column, 4, w->output_width);
        const size_t corner = ((at.image * w->output_height + at.row) * width + at.column) * channels;
        const size_t asked = ((later.image * w->output_height + later.row) * width + later.column) * channels;
        for (int c = 0; c < channels; c += WIDTH) {
            ask_for_pixels(gradients + asked + c, line, channels, 4);
            if (k) ask_for_pixels(k->x + asked + c, line, channels, 4);
            float *place = points + (size_t)c * count + (size_t)t * WIDTH;
            const int own = channels - c;
            if (own >= WIDTH)
                output_gradient_tile(gradients, k, corner + c, line, channels, rows, columns, c, WIDTH, point, place);
            else
                output_gradient_tile(gradients, k, corner + c, line, channels, rows, columns, c, own, point, place);
        }
    }
}

static void winograd_output_gradient(const espalier_winograd *w, const float *gradients,
                                     const espalier_combination *combination, size_t first, int count,
                                     float *points) {
    if (combination)
        output_gradient(w, gradients, combination, first, count, points);
    else
        output_gradient(w, gradients, NULL, first, count, points);
}

/* Finishes and stores the first `columns` of four pixels at `place`. */
INLINE void store_row(const vector *y, float *images, size_t place, int channels, int columns, int count,
                      const tile_finish *own) {
    UNROLL for (int j = 0; j < 4; j++) {
        if (j >= columns) return;
        const size_t at = place + (size_t)j * channels;
        vector value = y[j];
        if (own->finish) {
            if (own->finish->bias) value += own->bias;
            if (own->finish->scale) value = multiply_add(value, own->scale, own->offset);
            if (own->finish->addend) value += load_upto(own->finish->addend + at, count);
            value = clipped(value, own->finish->low, own->finish->high);
        }
        store_upto(images + at, value, count);
    }
}

/* A^T m A of one tile and channel block, finished and stored at `at`. */
INLINE void output_tile(const float *place, size_t point, const espalier_finish *finish, float *images, size_t at,
                        size_t line, size_t pixel, span rows, span columns, int channel, int own) {
    const tile_finish end = take_finish(finish, channel, own);
    const size_t row = 6 * point;
    vector half[4][6];
    KEEP_LOOP for (int j = 0; j < 6; j++, place += point) {
        vector m[6], y[4];
        UNROLL for (int i = 0; i < 6; i++) m[i] = load(place + i * row);
        to_output(m, y);
        UNROLL for (int i = 0; i < 4; i++) half[i][j] = y[i];
    }
    KEEP_LOOP for (int i = 0; i < rows.last; i++, at += line) {
        vector y[4];
        to_output(half[i], y);
        store_row(y, images, at, pixel, columns.last, own, &end);
    }
}

/* y = A^T m A, finished and stored into images [Ho, Wo, output channels]. */
static void winograd_output(const espalier_winograd *w, const float *points, size_t first, int count,
                            const espalier_finish *finish, float *images) {
    const int channels = w->output_channels;
    const size_t width = w->output_width, point = winograd_point(w, count), line = width * channels;
    tile_place at = place_of_tile(w, first), later = place_of_tile(w, first + tiles_ahead);
    for (int t = 0; t < count; t++, at = next_place(w, at), later = next_place(w, later)) {
        const span rows = inside(at.row, 4, w->output_height), columns = inside(at.column, 4, w->output_width);
        const size_t corner = ((at.image * w->output_height + at.row) * width + at.column) * channels;
        const size_t asked = ((later.image * w->output_height + later.row) * width + later.column) * channels;
        for (int c = 0; c < channels; c += WIDTH) {
            const float *place = points + (size_t)c * count + (size_t)t * WIDTH;
            ask_for_pixels(images + asked + c, line, channels, 4);
            if (finish && finish->addend) ask_for_pixels(finish->addend + asked + c, line, channels, 4);
            const int own = channels - c;
            if (own >= WIDTH)
                output_tile(place, point, finish, images, corner + c, line, channels, rows, columns, c, WIDTH);
            else
                output_tile(place, point, finish, images, corner + c, line, channels, rows, columns, c, own);
        }
    }
}

/* B dv B^T of one tile and channel block, added to the pixels from `corner` on. The last two columns are the first two of
   the tile behind: they are handed on, and stored where there is none. */
INLINE void input_gradient_tile(const float *place, size_t point, float *corner, ptrdiff_t line, ptrdiff_t pixel,
                                span rows, span columns, int own, vector (*shared)[2]) {
    const size_t row = 6 * point;
    vector half[6][6];
    KEEP_LOOP for (int j = 0; j < 6; j++, place += point) {
        vector m[6], d[6];
        UNROLL for (int i = 0; i < 6; i++) m[i] = load(place + i * row);
        from_points(m, d);
        UNROLL for (int i = 0; i < 6; i++) half[i][j] = d[i];
    }
    corner += rows.first * line;
    KEEP_LOOP for (int i = rows.first; i < rows.last; i++, corner += line) {
        vector d[6];
        from_points(half[i], d);
        d[0] += shared[i][0], d[1] += shared[i][1];
        shared[i][0] = d[4], shared[i][1] = d[5];
        /* All loads before all stores: a load that follows a store of its neighbour by mask has to wait. */
        UNROLL for (int j = 0; j < 6; j++)
            if (j >= columns.first && j < columns.last) d[j] += load_upto(corner + j * pixel, own);
        UNROLL for (int j = 0; j < 6; j++)
            if (j >= columns.first && j < columns.last) store_upto(corner + j * pixel, d[j], own);
    }
}

/* Tiles that are neighbours in a row, for one channel block. */
INLINE void input_gradient_run(const espalier_winograd *w, const float *place, size_t point, float *image,
                               tile_place at, int tiles, int own) {
    const ptrdiff_t pixel = w->input_channels, line = pixel * w->input_width;
    const int top = at.row - w->top;
    const span rows = inside(top, 6, w->input_height);
    float *corner = image + top * line + (at.column - w->left) * pixel;
    /* Where the tile lies whose pixels are asked for: in this row, or at the beginning of the one below. */
    const ptrdiff_t ahead = 4 * tiles_ahead * pixel, below = 4 * line + 4 * (tiles_ahead - tiles) * pixel;
    vector shared[6][2];
    UNROLL for (int i = 0; i < 6; i++) shared[i][0] = shared[i][1] = splat(0);
    for (int t = 0; t < tiles; t++, place += WIDTH, corner += 4 * pixel) {
        span columns = inside(at.column + 4 * t - w->left, 6, w->input_width);
        if (t + 1 < tiles && columns.last > 4) columns.last = 4;
        ask_for_pixels(corner + line + pixel + (t + tiles_ahead < tiles ? ahead : below), line, pixel, 4);
        input_gradient_tile(place, point, corner, line, pixel, rows, columns, own, shared);
    }
}

/* dx += B dv B^T, scattered over the overlapping input tiles: tiles [first, first + count), which begin at `offset` in a
   block of `length`. */
static void winograd_input_gradient(const espalier_winograd *w, const float *points, int offset, size_t first,
                                    int count, int length, float *images) {
    const int channels = w->input_channels;
    const size_t size = (size_t)w->input_height * w->input_width * channels, point = winograd_point(w, length);
    for (int t = 0, tiles; t < count; t += tiles) {
        const tile_place at = place_of_tile(w, first + t);
        tiles = clamp(w->tile_columns - at.column / 4, 1, count - t);
        float *image = images + at.image * size;
        for (int c = 0; c < channels; c += WIDTH) {
            const float *place = points + (size_t)c * length + (size_t)(offset + t) * WIDTH;
            const int own = channels - c;
            if (own >= WIDTH)
                input_gradient_run(w, place, point, image + c, at, tiles, WIDTH);
            else
                input_gradient_run(w, place, point, image + c, at, tiles, own);
        }
    }
}

/* m = v u for points [first point, last point) of a block of `count` tiles. */
static void winograd_multiply(const float *points, const float *filters, int inner, int columns, int count,
                              int first_point, int last_point, float *result) {
    const size_t point = espalier_winograd_point(WIDTH, inner > columns ? inner : columns, count);
    espalier_product p = {.rows = count,
                          .columns = columns,
                          .inner = inner,
                          .left_row = WIDTH,
                          .left_block = (size_t)count * WIDTH,
                          .right_block = (size_t)inner * WIDTH,
                          .result_row = WIDTH,
                          .result_block = (size_t)count * WIDTH,
                          .is_padded = 1};
    for (int i = first_point; i < last_point; i++) {
        p.left = points + i * point;
        p.right = filters + i * winograd_filter_point(inner, columns);
        p.result = result + i * point;
        multiply_points(&p);
    }
}

/* du = or += v^T m for points [first point, last point) of a block of `count` tiles. */
static void winograd_multiply_outer(const float *points, const float *gradients, int rows, int columns, int count,
                                    int first_point, int last_point, int adds, float *result) {
    const size_t point = espalier_winograd_point(WIDTH, rows > columns ? rows : columns, count);
    espalier_product p = {.rows = rows,
                          .columns = columns,
                          .inner = count,
                          .left_row = WIDTH,
                          .left_block = (size_t)count * WIDTH,
                          .right_row = WIDTH,
                          .right_block = (size_t)count * WIDTH,
                          .result_row = WIDTH,
                          .result_block = (size_t)rows * WIDTH,
                          .adds = adds,
                          .is_padded = 1};
    for (int i = first_point; i < last_point; i++) {
        p.left = points + i * point;
        p.right = gradients + i * point;
        p.result = result + i * winograd_filter_point(rows, columns);
        multiply_outer(&p);
    }
}
