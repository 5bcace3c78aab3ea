/* Second moments in Float64: columns of rows are packed in panels, [panel][row][LANES], and panels multiplied. */

#define LANES (WIDTH / 2)

typedef double reals __attribute__((ext_vector_type(LANES)));
typedef double unaligned_reals __attribute__((ext_vector_type(LANES), aligned(8), may_alias));

/* Rows, `row` apart, less their origin as a panel of `columns` columns, zero behind them; adds to sums [LANES]. */
static void pack_panel(const double *source, size_t row, int rows, int columns, const double *origin, double *panel,
                       double *sums) {
    if (columns < LANES) {
        for (int t = 0; t < rows; t++, panel += LANES)
            for (int l = 0; l < LANES; l++) {
                panel[l] = l < columns ? source[t * row + l] - origin[l] : 0;
                sums[l] += panel[l];
            }
        return;
    }
    const reals middle = *(const unaligned_reals *)origin;
    reals sum = *(unaligned_reals *)sums;
    for (int t = 0; t < rows; t++) {
        const reals value = *(const unaligned_reals *)(source + t * row) - middle;
        *(unaligned_reals *)(panel + t * LANES) = value;
        sum += value;
    }
    *(unaligned_reals *)sums = sum;
}

/* result [LANES, PANELS * LANES] += left' right, both `rows` long. */
#define MOMENT_TILE(PANELS)                                                                                       \
    static void moment_tile_##PANELS(const double *left, const double *right, size_t panel, int rows,             \
                                     double *result, size_t row) {                                                \
        reals sum[LANES][PANELS];                                                                                 \
        UNROLL for (int i = 0; i < LANES; i++) UNROLL for (int j = 0; j < PANELS; j++)                            \
            sum[i][j] = *(unaligned_reals *)(result + i * row + j * LANES);                                       \
        for (int t = 0; t < rows; t++, left += LANES, right += LANES) {                                           \
            reals other[PANELS];                                                                                  \
            UNROLL for (int j = 0; j < PANELS; j++) other[j] = *(const unaligned_reals *)(right + j * panel);     \
            UNROLL for (int i = 0; i < LANES; i++) UNROLL for (int j = 0; j < PANELS; j++)                        \
                sum[i][j] = (reals)(left[i]) * other[j] + sum[i][j];                                              \
        }                                                                                                         \
        UNROLL for (int i = 0; i < LANES; i++) UNROLL for (int j = 0; j < PANELS; j++)                            \
            *(unaligned_reals *)(result + i * row + j * LANES) = sum[i][j];                                       \
    }

MOMENT_TILE(1)
MOMENT_TILE(2)
MOMENT_TILE(3)

/* Adds the products of the first of `panels` panels with itself and the others behind it to result
   [LANES, panels * LANES], whose rows are `row` apart. */
static void multiply_panels(const double *first, int panels, int rows, double *result, size_t row) {
    const size_t panel = (size_t)rows * LANES;
    int p = 0;
    for (; p + 3 <= panels; p += 3)
        moment_tile_3(first, first + p * panel, panel, rows, result + p * LANES, row);
    if (panels - p == 2) moment_tile_2(first, first + p * panel, panel, rows, result + p * LANES, row);
    if (panels - p == 1) moment_tile_1(first, first + p * panel, panel, rows, result + p * LANES, row);
}
