/* Winograd's convolution F(4x4, 3x3) with the points 0, +-5/8, +-3/2 and infinity, whose float32 error is less than
   half of that with 0, +-1, +-2. Lavin, Gray 2016, "Fast Algorithms for Convolutional Neural Networks",
   arXiv:1509.09308, section 4; Barabasz et al. 2020, "Error Analysis and Improving the Accuracy of Winograd
   Convolution for Deep Neural Networks", arXiv:1803.10986, section 5.

   Letters: d a 6x6 input tile, g a 3x3 filter, y a 4x4 output tile, B^T d B and G g G^T the 6x6 points, A^T m A = y. */

#define POINT_A 0.625f
#define POINT_B 1.5f
#define A2 (POINT_A * POINT_A)
#define B2 (POINT_B * POINT_B)

/* B^T d: 6 to 6. */
INLINE void to_points(const vector *d, vector *point) {
    const vector even_a = d[4] - splat(B2) * d[2], odd_a = splat(POINT_A) * (d[3] - splat(B2) * d[1]);
    const vector even_b = d[4] - splat(A2) * d[2], odd_b = splat(POINT_B) * (d[3] - splat(A2) * d[1]);
    point[0] = splat(A2 * B2) * d[0] + (d[4] - splat(A2 + B2) * d[2]);
    point[1] = even_a + odd_a;
    point[2] = even_a - odd_a;
    point[3] = even_b + odd_b;
    point[4] = even_b - odd_b;
    point[5] = splat(A2 * B2) * d[1] + (d[5] - splat(A2 + B2) * d[3]);
}

/* B p: 6 to 6, the adjoint of to_points. */
INLINE void from_points(const vector *point, vector *d) {
    const vector sum_a = point[1] + point[2], difference_a = splat(POINT_A) * (point[1] - point[2]);
    const vector sum_b = point[3] + point[4], difference_b = splat(POINT_B) * (point[3] - point[4]);
    d[0] = splat(A2 * B2) * point[0];
    d[1] = splat(A2 * B2) * point[5] - (splat(B2) * difference_a + splat(A2) * difference_b);
    d[2] = -(splat(A2 + B2) * point[0] + (splat(B2) * sum_a + splat(A2) * sum_b));
    d[3] = (difference_a + difference_b) - splat(A2 + B2) * point[5];
    d[4] = point[0] + (sum_a + sum_b);
    d[5] = point[5];
}

/* A^T m: 6 to 4. */
INLINE void to_output(const vector *m, vector *y) {
    const vector sum_a = m[1] + m[2], difference_a = splat(POINT_A) * (m[1] - m[2]);
    const vector sum_b = m[3] + m[4], difference_b = splat(POINT_B) * (m[3] - m[4]);
    y[0] = m[0] + (sum_a + sum_b);
    y[1] = difference_a + difference_b;
    y[2] = splat(A2) * sum_a + splat(B2) * sum_b;
    y[3] = m[5] + (splat(A2) * difference_a + splat(B2) * difference_b);
}

/* A y: 4 to 6, the adjoint of to_output. */
INLINE void from_output(const vector *y, vector *m) {
    const vector even_a = y[0] + splat(A2) * y[2], odd_a = splat(POINT_A) * (y[1] + splat(A2) * y[3]);
    const vector even_b = y[0] + splat(B2) * y[2], odd_b = splat(POINT_B) * (y[1] + splat(B2) * y[3]);
    m[0] = y[0];
    m[1] = even_a + odd_a;
    m[2] = even_a - odd_a;
    m[3] = even_b + odd_b;
    m[4] = even_b - odd_b;
    m[5] = y[3];
}

/* The factors of G: one over the product of a point's distances from the other finite points. */
#define G_ZERO (1 / (A2 * B2))
#define G_A (1 / (2 * A2 * (A2 - B2)))
#define G_B (1 / (2 * B2 * (B2 - A2)))

/* G g: 3 to 6. */
INLINE void filter_points(const vector *g, vector *point) {
    const vector even_a = splat(G_A) * g[0] + splat(G_A * A2) * g[2], odd_a = splat(G_A * POINT_A) * g[1];
    const vector even_b = splat(G_B) * g[0] + splat(G_B * B2) * g[2], odd_b = splat(G_B * POINT_B) * g[1];
    point[0] = splat(G_ZERO) * g[0];
    point[1] = even_a + odd_a;
    point[2] = even_a - odd_a;
    point[3] = even_b + odd_b;
    point[4] = even_b - odd_b;
    point[5] = g[2];
}

/* G^T p: 6 to 3, the adjoint of filter_points. */
INLINE void filter_from_points(const vector *point, vector *g) {
    const vector sum_a = point[1] + point[2], difference_a = point[1] - point[2];
    const vector sum_b = point[3] + point[4], difference_b = point[3] - point[4];
    g[0] = splat(G_ZERO) * point[0] + (splat(G_A) * sum_a + splat(G_B) * sum_b);
    g[1] = splat(G_A * POINT_A) * difference_a + splat(G_B * POINT_B) * difference_b;
    g[2] = point[5] + (splat(G_A * A2) * sum_a + splat(G_B * B2) * sum_b);
}
