clang -O2 -I/work/engine5/Sources/CKernels/include -o /tmp/e5/tb /tmp/e5/tb.c /work/engine5/Sources/CKernels/*.c
