#include "include/kernels.h"

enum { side = 16 };

void espalier_transpose(const float *source, int count, int inner, int columns, float *result) {
    for (int m = 0; m < count; m++, source += (size_t)inner * columns, result += (size_t)inner * columns)
        for (int k = 0; k < inner; k += side)
            for (int n = 0; n < columns; n += side)
                for (int j = n; j < n + side && j < columns; j++)
                    for (int i = k; i < k + side && i < inner; i++)
                        result[(size_t)j * inner + i] = source[(size_t)i * columns + j];
}
