#ifndef ESPALIER_KERNELS_H
#define ESPALIER_KERNELS_H
#include <stddef.h>

/* A window sliding over one NHWC image. Letters: H, W, C input; Kh, Kw window; Ho, Wo output.
   `channels` is the stride between pixels; the kernels touch `width` channels from the pointer they are given. */
typedef struct {
    int input_height, input_width, channels, width;
    int window_height, window_width;
    int stride_height, stride_width;
    int dilation_height, dilation_width;
    int top, left;
    int output_height, output_width;
} espalier_window;

/* What happens to a result before it is stored, in this order; pointers may be null. Also what happens to an input when it
   is read, where that is a scale and an offset and a cut. */
typedef struct {
    const float *_Nullable bias;   /* one per column */
    const float *_Nullable scale;  /* one per column, with offset: x * scale + offset */
    const float *_Nullable offset;
    const float *_Nullable addend; /* lies in memory as the result does */
    float low, high;               /* the result is cut off there; infinities cut nothing */
} espalier_finish;

/* Where a gradient passes a rectifier: where its output is above zero and below the ceiling. The output is read, or
   computed again as x * scale + offset from what a normalization before it read; all null: the gradient passes. */
typedef struct {
    const float *_Nullable output;
    const float *_Nullable scale;
    const float *_Nullable offset;
    float ceiling;
} espalier_gate;

/* The gradient behind a normalization: dy * on_gradient + x * on_value + constant per channel, dy having passed the
   gate; x lies in memory as dy does. */
typedef struct {
    const float *_Nonnull x;
    const float *_Nonnull on_gradient;
    const float *_Nonnull on_value;
    const float *_Nonnull constant;
    espalier_gate gate;
} espalier_combination;

/* result [rows, columns] = left [rows, inner] right [inner, columns]; for the outer form left is [inner, rows].

   An element (i, k) of the left side is at i * left_row + k / W * left_block + k % W: row-major where left_block is W,
   the number of lanes. The right side is packed in column blocks of W, `right_block` apart; for the outer form its rows
   are `right_row` apart. The result's column blocks are `result_block` apart; is_padded says that all W lanes of the
   last block exist. */
typedef struct {
    int rows, columns, inner;
    const float *_Nonnull left;
    size_t left_row, left_block;
    const float *_Nonnull right;
    size_t right_row, right_block;
    float *_Nonnull result;
    size_t result_row, result_block;
    int adds, is_padded;
    const espalier_finish *_Nullable finish;
} espalier_product;

/* A 3x3 convolution of stride 1 in tiles of 4x4 outputs. */
typedef struct {
    int input_height, input_width, input_channels;
    int output_height, output_width, output_channels;
    int top, left;
    int tile_rows, tile_columns;
} espalier_winograd;

/* The floats from one of the 36 points to the next: blocks of `lanes` channels of `tiles` tiles, and a little more so that
   the points do not fall on the same cache sets. */
static inline size_t espalier_winograd_point(int lanes, int channels, int tiles) {
    return (size_t)((channels + lanes - 1) / lanes) * lanes * tiles + lanes;
}

/* The same for tiles of the input and of the output alike, so that one can take the place of the other. */
static inline size_t espalier_winograd_tile_point(int lanes, const espalier_winograd *_Nonnull shape, int tiles) {
    const int wider = shape->input_channels > shape->output_channels ? shape->input_channels : shape->output_channels;
    return espalier_winograd_point(lanes, wider, tiles);
}

/* The kernels of one instruction set. Pieces of work only: who calls them decides about threads. */
typedef struct {
    const char *_Nonnull name;
    /* The floats of one vector: the block length of every packed layout. */
    int lanes;

    /* Products; see product.h. */
    void (*_Nonnull pack)(const float *_Nonnull source, size_t inner_step, size_t column_step, int inner, int columns,
                          float *_Nonnull result);
    void (*_Nonnull multiply)(const espalier_product *_Nonnull product);
    void (*_Nonnull multiply_outer)(const espalier_product *_Nonnull product);

    /* Winograd's convolution; see winograd.h. */
    void (*_Nonnull winograd_filter)(const float *_Nonnull filters, int inner, int columns, int first, int last,
                                     float *_Nonnull points);
    void (*_Nonnull winograd_input)(const espalier_winograd *_Nonnull shape, const float *_Nonnull images,
                                    const espalier_finish *_Nullable change, size_t first, int count,
                                    float *_Nonnull points);
    void (*_Nonnull winograd_output_gradient)(const espalier_winograd *_Nonnull shape,
                                              const float *_Nonnull gradients,
                                              const espalier_combination *_Nullable combination, size_t first,
                                              int count, float *_Nonnull points);
    void (*_Nonnull winograd_multiply)(const float *_Nonnull points, const float *_Nonnull filters, int inner,
                                       int columns, int count, int first_point, int last_point,
                                       float *_Nonnull result);
    void (*_Nonnull winograd_multiply_outer)(const float *_Nonnull points, const float *_Nonnull gradients, int rows,
                                             int columns, int count, int first_point, int last_point, int adds,
                                             float *_Nonnull result);
    void (*_Nonnull winograd_output)(const espalier_winograd *_Nonnull shape, const float *_Nonnull points,
                                     size_t first, int count, const espalier_finish *_Nullable finish,
                                     float *_Nonnull images);
    void (*_Nonnull winograd_input_gradient)(const espalier_winograd *_Nonnull shape, const float *_Nonnull points,
                                             int offset, size_t first, int count, int length,
                                             float *_Nonnull images);
    void (*_Nonnull winograd_filter_gradient)(const float *_Nonnull points, int parts, int inner, int columns,
                                              int first, int last, float *_Nonnull filters);

    /* Rows of channels; see normalization.h. */
    void (*_Nonnull channel_linear)(const float *_Nonnull x, const float *_Nonnull scale, const float *_Nonnull offset,
                                    const float *_Nullable addend, float low, float high, size_t period,
                                    size_t count, float *_Nonnull y);
    void (*_Nonnull channel_combination)(const float *_Nonnull dy, const espalier_combination *_Nonnull combination,
                                         size_t period, size_t count, float *_Nonnull dx);
    void (*_Nonnull channel_sums)(const float *_Nonnull x, int rows, int channels, double *_Nonnull sums);
    void (*_Nonnull channel_moments)(const float *_Nonnull x, int rows, int channels, const float *_Nonnull center,
                                     double *_Nonnull sums, double *_Nonnull squares);
    void (*_Nonnull channel_products)(const float *_Nonnull dy, const espalier_gate *_Nonnull gate,
                                      const float *_Nonnull x, int rows, int channels, const float *_Nonnull center,
                                      float *_Nullable passed, double *_Nonnull sums, double *_Nonnull products);

    /* Maps over floats; see elementwise.h. */
    void (*_Nonnull rectify)(const float *_Nonnull x, float ceiling, size_t count, float *_Nonnull y);
    void (*_Nonnull rectify_gradient)(const float *_Nonnull dy, const float *_Nonnull x, float ceiling, size_t count,
                                      float *_Nonnull dx);
    void (*_Nonnull add)(const float *_Nonnull a, const float *_Nonnull b, size_t count, float *_Nonnull y);
    void (*_Nonnull momentum_step)(const float *_Nonnull gradient, float decay, float momentum, float rate,
                                   int looks_ahead, size_t count, float *_Nonnull moment, float *_Nonnull weight);
    void (*_Nonnull adam_step)(const float *_Nonnull gradient, float decay, float first, float second, float rate,
                               float epsilon, size_t count, float *_Nonnull mean, float *_Nonnull square,
                               float *_Nonnull weight);

    /* Windows over one image; see pooling.h and depthwise.h. */
    void (*_Nonnull pool)(const float *_Nonnull image, const espalier_window *_Nonnull window, int averages,
                          float *_Nonnull y);
    void (*_Nonnull pool_gradient)(const float *_Nonnull image, const float *_Nonnull dy,
                                   const espalier_window *_Nonnull window, int averages, float *_Nonnull dx);
    void (*_Nonnull depthwise)(const float *_Nonnull image, const float *_Nonnull kernel,
                               const espalier_window *_Nonnull window, const espalier_finish *_Nullable finish,
                               float *_Nonnull output);
    void (*_Nonnull depthwise_input_gradient)(const float *_Nonnull kernel, const float *_Nonnull gradient,
                                              const espalier_window *_Nonnull window, float *_Nonnull result);
    void (*_Nonnull depthwise_kernel_gradient)(const float *_Nonnull image, const float *_Nonnull gradient,
                                               const espalier_window *_Nonnull window, float *_Nonnull result);

    /* Second moments in Float64, by panels of half as many columns as there are lanes; see moments.h. */
    void (*_Nonnull pack_panel)(const double *_Nonnull source, size_t row, int rows, int columns,
                                const double *_Nonnull origin, double *_Nonnull panel, double *_Nonnull sums);
    void (*_Nonnull multiply_panels)(const double *_Nonnull first, int panels, int rows, double *_Nonnull result,
                                     size_t row);
} espalier_kernels;

/* The instruction sets, worst first. The wide one is the 16-lane source compiled for AVX2: it shows on any processor that
   the source of AVX-512 computes the right thing. */
typedef enum {
    espalier_portable = 0,
    espalier_wide = 1,
    espalier_avx2 = 2,
    espalier_avx512 = 3,
} espalier_instruction_set;

/* The kernels of an instruction set, or null where this processor lacks it. */
const espalier_kernels *_Nullable espalier_kernels_of(espalier_instruction_set set);

/* [inner, columns] of each of `count` matrices as [columns, inner]. */
void espalier_transpose(const float *_Nonnull source, int count, int inner, int columns, float *_Nonnull result);

/* Rows [first_row, last_row) of the output grid as patch rows [row][Kh*Kw*width]; outside the image is zero. */
void espalier_patches(const float *_Nonnull image, const espalier_window *_Nonnull window, int first_row, int last_row,
                      float *_Nonnull patches);

/* One patch row, that of an output pixel, in Float64. */
void espalier_patch_row(const float *_Nonnull image, const espalier_window *_Nonnull window, int row, int column,
                        double *_Nonnull patch);

/* The adjoint of espalier_patches: adds patch rows back into the image. */
void espalier_patches_add(const float *_Nonnull patches, const espalier_window *_Nonnull window, int first_row,
                          int last_row, float *_Nonnull image);

/* Tells the processor that the caller is waiting in a loop. */
static inline void espalier_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Sets glibc's allocator to keep large blocks instead of returning them to the kernel after each layer. */
void espalier_keep_large_blocks(void);

/* Asks for large pages where whole ones lie in the given memory, which is not written yet: a layer's values take thousands
   of small ones, and each has to be looked up and given out. Without effect where the system has none. */
void espalier_prefer_large_pages(void *_Nonnull start, size_t bytes);

#endif
