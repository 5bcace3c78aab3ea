/* The filters' side of Winograd's convolution: their points, and the gradient from those of its points. */

/* The floats from one point of filters [inner, columns] to the next, in blocks of columns. */
INLINE size_t winograd_filter_point(int inner, int columns) { return espalier_winograd_point(WIDTH, columns, inner); }

/* Filters whose points stay in no cache before they are used are written past all of them. */
enum { large_filter = 1 << 18 };

INLINE void filter_transform(const float *filters, int inner, int columns, int first, int last, float *points,
                             int is_large) {
    const size_t point = winograd_filter_point(inner, columns), tap = (size_t)inner * columns;
    for (int c = 0; c < columns; c += WIDTH)
        for (int k = first; k < last; k++) {
            const float *source = filters + (size_t)k * columns + c;
            float *place = points + (size_t)c * inner + (size_t)k * WIDTH;
            vector half[6][3];
            UNROLL for (int j = 0; j < 3; j++) {
                vector g[3], q[6];
                UNROLL for (int i = 0; i < 3; i++) g[i] = load_upto(source + (i * 3 + j) * tap, columns - c);
                filter_points(g, q);
                UNROLL for (int i = 0; i < 6; i++) half[i][j] = q[i];
            }
            UNROLL for (int i = 0; i < 6; i++) {
                vector q[6];
                filter_points(half[i], q);
                UNROLL for (int j = 0; j < 6; j++) {
                    float *to = place + (i * 6 + j) * point;
                    if (is_large)
                        __builtin_nontemporal_store(q[j], (vector *)to);
                    else
                        store(to, q[j]);
                }
            }
        }
}

/* G g G^T of filters [3, 3, inner, columns]: points[p][column block][inner][WIDTH], inner rows [first, last). */
static void winograd_filter(const float *filters, int inner, int columns, int first, int last, float *points) {
    if (inner * columns < large_filter) return filter_transform(filters, inner, columns, first, last, points, 0);
    filter_transform(filters, inner, columns, first, last, points, 1);
    /* Such stores are ordered by nothing else. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* dg = G^T (sum of parts) G: parts as winograd_filter lays points, added in order; inner rows [first, last). */
static void winograd_filter_gradient(const float *points, int parts, int inner, int columns, int first, int last,
                                     float *filters) {
    const size_t point = winograd_filter_point(inner, columns), tap = (size_t)inner * columns;
    for (int c = 0; c < columns; c += WIDTH)
        for (int k = first; k < last; k++) {
            const float *place = points + (size_t)c * inner + (size_t)k * WIDTH;
            vector half[3][6];
            UNROLL for (int j = 0; j < 6; j++) {
                vector q[6], g[3];
                UNROLL for (int i = 0; i < 6; i++) {
                    q[i] = load(place + (i * 6 + j) * point);
                    for (int part = 1; part < parts; part++) q[i] += load(place + (part * 36 + i * 6 + j) * point);
                }
                filter_from_points(q, g);
                UNROLL for (int i = 0; i < 3; i++) half[i][j] = g[i];
            }
            float *target = filters + (size_t)k * columns + c;
            UNROLL for (int i = 0; i < 3; i++) {
                vector g[3];
                filter_from_points(half[i], g);
                UNROLL for (int j = 0; j < 3; j++) store_upto(target + (i * 3 + j) * tap, g[j], columns - c);
            }
        }
}
