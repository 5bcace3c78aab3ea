"""How every peer is timed: two runs that do not count, then runs until the time is over, three at least."""

import json
import resource
import statistics
import time


def report(step, seconds):
    for _ in range(2):
        step()
    times, start = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        step()
        times.append((time.perf_counter() - before) * 1e3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"median_milliseconds": statistics.median(times), "runs": len(times), "peak_megabytes": peak}))
