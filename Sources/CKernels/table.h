/* Every kernel source once, and the table of what they define; included by one file per instruction set. */
#include "include/kernels.h"

#include "vector.h"

#include "product.h"
#include "normalization.h"
#include "winograd_points.h"
#include "winograd_filter.h"
#include "winograd.h"
#include "elementwise.h"
#include "pooling.h"
#include "depthwise.h"
#include "moments.h"

#define ESPALIER_TABLE(NAME)                                                                                      \
    const espalier_kernels espalier_kernels_##NAME = {                                                            \
        .name = #NAME,                                                                                            \
        .lanes = WIDTH,                                                                                           \
        .pack = pack,                                                                                             \
        .multiply = multiply,                                                                                     \
        .multiply_outer = multiply_outer,                                                                         \
        .winograd_filter = winograd_filter,                                                                       \
        .winograd_input = winograd_input,                                                                         \
        .winograd_output_gradient = winograd_output_gradient,                                                     \
        .winograd_multiply = winograd_multiply,                                                                   \
        .winograd_multiply_outer = winograd_multiply_outer,                                                       \
        .winograd_output = winograd_output,                                                                       \
        .winograd_input_gradient = winograd_input_gradient,                                                       \
        .winograd_filter_gradient = winograd_filter_gradient,                                                     \
        .channel_linear = channel_linear,                                                                         \
        .channel_combination = channel_combination,                                                               \
        .channel_sums = channel_sums,                                                                             \
        .channel_moments = channel_moments,                                                                       \
        .channel_products = channel_products,                                                                     \
        .rectify = rectify,                                                                                       \
        .rectify_gradient = rectify_gradient,                                                                     \
        .add = add,                                                                                               \
        .momentum_step = momentum_step,                                                                           \
        .adam_step = adam_step,                                                                                   \
        .pool = pool,                                                                                             \
        .pool_gradient = pool_gradient,                                                                           \
        .depthwise = depthwise,                                                                                   \
        .depthwise_input_gradient = depthwise_input_gradient,                                                     \
        .depthwise_kernel_gradient = depthwise_kernel_gradient,                                                   \
        .pack_panel = pack_panel,                                                                                 \
        .multiply_panels = multiply_panels,                                                                       \
    };
