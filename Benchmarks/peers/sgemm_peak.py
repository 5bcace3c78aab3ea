"""usage: sgemm_peak.py THREADS   GFLOP/s of sgemm on 2048 cubed: the system's OpenBLAS as the environment sets it and with
its own choice of kernels, and PyTorch's."""

import ctypes
import ctypes.util
import json
import os
import subprocess
import sys
import time

SIZE = 2048


def best(run):
    run()
    times = []
    for _ in range(8):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 2 * SIZE**3 / min(times) / 1e9


def openblas(threads):
    library = ctypes.CDLL("libopenblas.so.0")
    library.openblas_set_num_threads(threads)
    library.cblas_sgemm.argtypes = [ctypes.c_int] * 6 + [ctypes.c_float] + [ctypes.c_void_p, ctypes.c_int] * 2
    library.cblas_sgemm.argtypes += [ctypes.c_float, ctypes.c_void_p, ctypes.c_int]
    a, b, c = ((ctypes.c_float * SIZE**2)() for _ in range(3))
    row_major, plain = 101, 111
    return best(lambda: library.cblas_sgemm(
        row_major, plain, plain, SIZE, SIZE, SIZE, 1, a, SIZE, b, SIZE, 0, c, SIZE))


def torch_product(threads):
    import torch

    torch.set_num_threads(threads)
    a = torch.zeros(SIZE, SIZE)
    return best(lambda: torch.mm(a, a))


def main():
    threads = int(sys.argv[1])
    if sys.argv[2:] == ["openblas"]:
        return print(openblas(threads))
    result = {}
    for name, keeps in ((f"OpenBLAS as {os.environ.get('OPENBLAS_CORETYPE')}", True), ("OpenBLAS", False)):
        own = {k: v for k, v in os.environ.items() if keeps or k != "OPENBLAS_CORETYPE"}
        if keeps and "OPENBLAS_CORETYPE" not in own:
            continue
        done = subprocess.run([sys.executable, __file__, str(threads), "openblas"], env=own, capture_output=True, text=True)
        if done.returncode == 0:
            result[name] = float(done.stdout)
    result["PyTorch"] = torch_product(threads)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
