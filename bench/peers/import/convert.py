"""usage: convert.py duckdb|polars IN.csv[.gz] OUT.parquet
The peer reads the CSV with its own inference of types (dates included) and writes Parquet with zstd, streaming, with
BENCH_THREADS threads. Prints what it took, from the call to its end: the start of the interpreter is left out.
"""
import json, os, resource, sys, time

T = int(os.environ.get("BENCH_THREADS", "2"))
os.environ["POLARS_MAX_THREADS"] = str(T)
tool, source, target = sys.argv[1:4]


def cpu_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if tool == "duckdb":
    import duckdb

    connection = duckdb.connect(config={"threads": T})

    def convert():
        return connection.execute(
            f"COPY (FROM read_csv('{source}')) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()[0]
else:
    import polars as pl

    def convert():
        frame = pl.scan_csv(source, try_parse_dates=True, infer_schema_length=10_000, ignore_errors=True)
        frame.sink_parquet(target, compression="zstd", compression_level=1)
        return pl.scan_parquet(target).select(pl.len()).collect().item()


cpu, wall = cpu_s(), time.perf_counter()
n_rows = convert()
cpu, wall = cpu_s() - cpu, time.perf_counter() - wall
module = sys.modules[tool]
print(json.dumps({
    "tool": tool, "version": module.__version__, "n_rows": n_rows, "cpu_s": cpu, "wall_s": wall,
    "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "n_bytes": os.path.getsize(target),
}))
