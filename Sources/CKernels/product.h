/* Matrix products: tiles of ROWS x VECTORS accumulators that stay in registers over the whole inner length.
   The order of additions is that of the inner index, whatever the tile: a result does not depend on how rows are cut. */

/* What is done to a value before it is stored: bias and scale by column, an addend that lies as the result does, cut. */
INLINE vector finished(vector value, const espalier_finish *finish, size_t column, size_t offset, size_t count) {
    if (finish->bias) value += load_upto(finish->bias + column, count);
    if (finish->scale)
        value = multiply_add(value, load_upto(finish->scale + column, count),
                             load_upto(finish->offset + column, count));
    if (finish->addend) value += load_upto(finish->addend + offset, count);
    return clipped(value, finish->low, finish->high);
}

/* One tile of result [ROWS, VECTORS * WIDTH] = left [ROWS, inner] right [inner, VECTORS * WIDTH]. Rows of points lie one
   vector apart and are stored as they are: known lengths leave the registers to the sums. */
#define PRODUCT_TILE(ROWS, VECTORS)                                                                               \
    INLINE void tile_##ROWS##x##VECTORS(const espalier_product *p, const float *left, const float *right,         \
                                        float *result, int column, size_t row, size_t result_row, int is_plain) { \
        vector sum[ROWS][VECTORS];                                                                                \
        const int count = p->columns - column;                                                                    \
        const size_t step = p->left_block, block = p->right_block;                                                \
        UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < VECTORS; j++) sum[i][j] = splat(0);      \
        int k = 0;                                                                                                \
        for (; k + WIDTH <= p->inner; k += WIDTH, left += step, right += WIDTH * WIDTH)                           \
            UNROLL for (int l = 0; l < WIDTH; l++) PRODUCT_STEP(ROWS, VECTORS)                                    \
        for (int l = 0; l < p->inner - k; l++) PRODUCT_STEP(ROWS, VECTORS)                                        \
        UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < VECTORS; j++) {                          \
            float *place = result + i * result_row + j * p->result_block;                                         \
            vector value = sum[i][j];                                                                             \
            if (is_plain) {                                                                                       \
                store(place, value);                                                                              \
                continue;                                                                                         \
            }                                                                                                     \
            const int own = p->is_padded ? WIDTH : count - j * WIDTH;                                             \
            if (p->adds) value += load_upto(place, own);                                                          \
            if (p->finish)                                                                                        \
                value = finished(value, p->finish, column + j * WIDTH, place - p->result, own);                   \
            store_upto(place, value, own);                                                                        \
        }                                                                                                         \
    }                                                                                                             \
    static __attribute__((noinline)) void product_##ROWS##x##VECTORS(                                             \
        const espalier_product *p, const float *left, const float *right, float *result, int column) {            \
        tile_##ROWS##x##VECTORS(p, left, right, result, column, p->left_row, p->result_row, 0);                   \
    }                                                                                                             \
    static __attribute__((noinline)) void points_##ROWS##x##VECTORS(                                              \
        const espalier_product *p, const float *left, const float *right, float *result, int column) {            \
        tile_##ROWS##x##VECTORS(p, left, right, result, column, WIDTH, WIDTH, 1);                                 \
    }

#define PRODUCT_STEP(ROWS, VECTORS)                                                                               \
    {                                                                                                             \
        vector other[VECTORS];                                                                                    \
        UNROLL for (int j = 0; j < VECTORS; j++) other[j] = load(right + j * block + l * WIDTH);                  \
        UNROLL for (int i = 0; i < ROWS; i++) {                                                                   \
            const vector own = splat(left[i * row + l]);                                                          \
            UNROLL for (int j = 0; j < VECTORS; j++) sum[i][j] = multiply_add(own, other[j], sum[i][j]);          \
        }                                                                                                         \
    }

/* All rows of VECTORS column blocks: the widest tile first, then 4, 2 and 1 rows. */
#define PRODUCT_ROWS(KIND, ROWS, VECTORS)                                                                         \
    static void KIND##_columns_##VECTORS(const espalier_product *p, int column) {                                 \
        const float *right = p->right + (size_t)(column / WIDTH) * p->right_block;                                \
        float *result = p->result + (size_t)(column / WIDTH) * p->result_block;                                   \
        int i = 0;                                                                                                \
        for (; i + ROWS <= p->rows; i += ROWS)                                                                    \
            KIND##_##ROWS##x##VECTORS(p, p->left + i * p->left_row, right, result + i * p->result_row, column);   \
        for (; i + 4 <= p->rows; i += 4)                                                                          \
            KIND##_4x##VECTORS(p, p->left + i * p->left_row, right, result + i * p->result_row, column);          \
        for (; i + 2 <= p->rows; i += 2)                                                                          \
            KIND##_2x##VECTORS(p, p->left + i * p->left_row, right, result + i * p->result_row, column);          \
        for (; i < p->rows; i++)                                                                                  \
            KIND##_1x##VECTORS(p, p->left + i * p->left_row, right, result + i * p->result_row, column);          \
    }

#define PRODUCT_COLUMNS(ROWS, VECTORS)                                                                            \
    PRODUCT_TILE(ROWS, VECTORS)                                                                                   \
    PRODUCT_ROWS(product, ROWS, VECTORS)                                                                          \
    PRODUCT_ROWS(points, ROWS, VECTORS)

PRODUCT_TILE(1, 1)
PRODUCT_TILE(2, 1)
PRODUCT_TILE(1, 2)
PRODUCT_TILE(2, 2)
PRODUCT_TILE(1, 3)
PRODUCT_TILE(2, 3)
PRODUCT_TILE(4, 1)
PRODUCT_TILE(4, 2)
#if WIDTH == 16
PRODUCT_TILE(4, 3)
PRODUCT_COLUMNS(28, 1)
PRODUCT_COLUMNS(14, 2)
PRODUCT_COLUMNS(9, 3)
#else
PRODUCT_COLUMNS(12, 1)
PRODUCT_COLUMNS(6, 2)
PRODUCT_COLUMNS(4, 3)
#endif

/* How many column blocks go together: pairs, and three at the end where their number is odd; an incomplete block of
   a result that is not padded goes alone, so that the others keep to whole vectors. */
INLINE int blocks_together(const espalier_product *p, int column) {
    const int left = p->columns - column;
    const int whole = p->is_padded ? (left + WIDTH - 1) / WIDTH : left / WIDTH;
    return whole <= 1 ? 1 : whole == 3 ? 3 : 2;
}

#define MULTIPLY(NAME, KIND)                                                                                      \
    static void NAME(const espalier_product *p) {                                                                 \
        for (int column = 0; column < p->columns;) {                                                              \
            const int blocks = blocks_together(p, column);                                                        \
            if (blocks == 1)                                                                                      \
                KIND##_columns_1(p, column);                                                                      \
            else if (blocks == 2)                                                                                 \
                KIND##_columns_2(p, column);                                                                      \
            else                                                                                                  \
                KIND##_columns_3(p, column);                                                                      \
            column += blocks * WIDTH;                                                                             \
        }                                                                                                         \
    }

/* result = left right, or += */
MULTIPLY(multiply, product)

/* result = left right where rows of both are vectors side by side and the result is padded. */
MULTIPLY(multiply_points, points)

/* One tile of result [ROWS, VECTORS * WIDTH] = sum over t of left [t, ROWS] right [t, VECTORS * WIDTH]. */
#define OUTER_TILE(ROWS, VECTORS)                                                                                 \
    static __attribute__((noinline)) void outer_##ROWS##x##VECTORS(const espalier_product *p, const float *left,  \
                                                                   const float *right, float *result,             \
                                                                   int count) {                                   \
        vector sum[ROWS][VECTORS];                                                                                \
        const size_t row = p->left_row, other_row = p->right_row, block = p->right_block;                         \
        UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < VECTORS; j++)                            \
            sum[i][j] = p->adds ? load_upto(result + i * p->result_row + j * p->result_block, count - j * WIDTH)  \
                                : splat(0);                                                                       \
        if (count >= VECTORS * WIDTH)                                                                             \
            _Pragma("unroll 2") for (int t = 0; t < p->inner; t++, left += row, right += other_row)               \
                OUTER_STEP(ROWS, VECTORS, load(right + j * block))                                                \
        else                                                                                                      \
            for (int t = 0; t < p->inner; t++, left += row, right += other_row)                                   \
                OUTER_STEP(ROWS, VECTORS, load_upto(right + j * block, count - j * WIDTH))                        \
        UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < VECTORS; j++)                            \
            store_upto(result + i * p->result_row + j * p->result_block, sum[i][j], count - j * WIDTH);           \
    }

#define OUTER_STEP(ROWS, VECTORS, LOAD)                                                                           \
    {                                                                                                             \
        vector other[VECTORS];                                                                                    \
        UNROLL for (int j = 0; j < VECTORS; j++) other[j] = LOAD;                                                 \
        UNROLL for (int i = 0; i < ROWS; i++) {                                                                   \
            const vector own = splat(left[i]);                                                                    \
            UNROLL for (int j = 0; j < VECTORS; j++) sum[i][j] = multiply_add(own, other[j], sum[i][j]);          \
        }                                                                                                         \
    }

/* All rows of VECTORS column blocks; rows of one block of the left side are neighbours in memory. What is left behind
   the last whole tile goes at once: two tiles of a few rows would both wait for their additions. */
#define OUTER_COLUMNS(ROWS, VECTORS, REST)                                                                        \
    static void outer_columns_##VECTORS(const espalier_product *p, int column) {                                  \
        const float *right = p->right + (size_t)(column / WIDTH) * p->right_block;                                \
        float *result = p->result + (size_t)(column / WIDTH) * p->result_block;                                   \
        const int count = p->is_padded ? VECTORS * WIDTH : p->columns - column;                                   \
        int i = 0;                                                                                                \
        for (; i + ROWS <= p->rows; i += ROWS) {                                                                  \
            const float *left = p->left + (size_t)(i / WIDTH) * p->left_block + i % WIDTH;                        \
            outer_##ROWS##x##VECTORS(p, left, right, result + i * p->result_row, count);                          \
        }                                                                                                         \
        const float *left = p->left + (size_t)(i / WIDTH) * p->left_block + i % WIDTH;                            \
        float *place = result + i * p->result_row;                                                                \
        switch (p->rows - i) { REST(VECTORS) }                                                                    \
    }

#define OUTER_REST(ROWS, VECTORS)                                                                                 \
    case ROWS: outer_##ROWS##x##VECTORS(p, left, right, place, count); break;
#define OUTER_REST_3(VECTORS) OUTER_REST(1, VECTORS) OUTER_REST(2, VECTORS) OUTER_REST(3, VECTORS)
#define OUTER_REST_7(VECTORS)                                                                                     \
    OUTER_REST_3(VECTORS)                                                                                         \
    OUTER_REST(4, VECTORS) OUTER_REST(5, VECTORS) OUTER_REST(6, VECTORS) OUTER_REST(7, VECTORS)
#define OUTER_REST_15(VECTORS)                                                                                    \
    OUTER_REST_7(VECTORS)                                                                                         \
    OUTER_REST(8, VECTORS) OUTER_REST(9, VECTORS) OUTER_REST(10, VECTORS) OUTER_REST(11, VECTORS)                 \
    OUTER_REST(12, VECTORS) OUTER_REST(13, VECTORS) OUTER_REST(14, VECTORS) OUTER_REST(15, VECTORS)

#define OUTER_TILES_4(VECTORS)                                                                                    \
    OUTER_TILE(1, VECTORS) OUTER_TILE(2, VECTORS) OUTER_TILE(3, VECTORS) OUTER_TILE(4, VECTORS)
#define OUTER_TILES_8(VECTORS)                                                                                    \
    OUTER_TILES_4(VECTORS)                                                                                        \
    OUTER_TILE(5, VECTORS) OUTER_TILE(6, VECTORS) OUTER_TILE(7, VECTORS) OUTER_TILE(8, VECTORS)

#if WIDTH == 16
OUTER_TILES_8(1)
OUTER_TILE(9, 1) OUTER_TILE(10, 1) OUTER_TILE(11, 1) OUTER_TILE(12, 1)
OUTER_TILE(13, 1) OUTER_TILE(14, 1) OUTER_TILE(15, 1) OUTER_TILE(16, 1)
OUTER_TILES_8(2)
OUTER_TILES_8(3)
OUTER_COLUMNS(16, 1, OUTER_REST_15)
OUTER_COLUMNS(8, 2, OUTER_REST_7)
OUTER_COLUMNS(8, 3, OUTER_REST_7)
#else
#if WIDTH == 8
OUTER_TILES_8(1)
OUTER_COLUMNS(8, 1, OUTER_REST_7)
#else
OUTER_TILES_4(1)
OUTER_COLUMNS(4, 1, OUTER_REST_3)
#endif
OUTER_TILES_4(2)
OUTER_TILES_4(3)
OUTER_COLUMNS(4, 2, OUTER_REST_3)
OUTER_COLUMNS(4, 3, OUTER_REST_3)
#endif

/* result = or += left^T right: left [t, rows], right [t, columns]. */
static void multiply_outer(const espalier_product *p) {
    for (int column = 0; column < p->columns;) {
        const int blocks = blocks_together(p, column);
        if (blocks == 1)
            outer_columns_1(p, column);
        else if (blocks == 2)
            outer_columns_2(p, column);
        else
            outer_columns_3(p, column);
        column += blocks * WIDTH;
    }
}

/* The right side of a product: source [inner, columns] with the given steps as [column block][inner][WIDTH], zero
   beyond the last column. */
static void pack(const float *source, size_t inner_step, size_t column_step, int inner, int columns, float *result) {
    for (int c = 0; c < columns; c += WIDTH)
        for (int k = 0; k < inner; k++, result += WIDTH) {
            const float *from = source + k * inner_step + c * column_step;
            const int own = columns - c < WIDTH ? columns - c : WIDTH;
            if (column_step == 1)
                store(result, load_upto(from, own));
            else
                for (int l = 0; l < WIDTH; l++) result[l] = l < own ? from[l * column_step] : 0;
        }
}
