"""usage: measure.py COMMAND…
Runs a program to its end and prints the CPU seconds, wall seconds and peak memory of the whole process.
"""
import json, resource, subprocess, sys, time

wall = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=True)
wall = time.perf_counter() - wall
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "cpu_s": used.ru_utime + used.ru_stime, "wall_s": wall, "peak_rss_mb": used.ru_maxrss / 1024,
    "answer": json.loads(done.stdout),
}))
