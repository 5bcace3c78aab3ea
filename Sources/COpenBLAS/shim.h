#ifndef ESPALIER_COPENBLAS_SHIM_H
#define ESPALIER_COPENBLAS_SHIM_H
#include <cblas.h>

/* LAPACK's Fortran entry points are in libopenblas itself; the C header for them would be one more package. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda,
             double *b, const int *ldb, int *info);
#endif
