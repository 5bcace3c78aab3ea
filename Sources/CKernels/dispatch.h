#ifndef ESPALIER_DISPATCH_H
#define ESPALIER_DISPATCH_H

/* One source, several instruction sets, chosen when the program is loaded; elsewhere the compiler's baseline. */
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define ESPALIER_VECTOR __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define ESPALIER_VECTOR
#endif

#endif
