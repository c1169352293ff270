"""usage: generate.py events|customers OUT.csv N_LINES
Writes a shop's events or customers as CSV, the same bytes for the same number of lines. Events: times ascending over a
year, customers and products drawn with a long tail, sessions of a few events, prices in currency units, some fields
empty. Customers: one line in twenty repeats an earlier customer with another city.
"""
import sys
import numpy as np
import polars as pl

what, path, n_lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
BLOCK = 500_000
N_CUSTOMERS, N_PRODUCTS = 400_000, 30_000
KINDS = np.array(["view", "cart", "favourite", "uncart", "purchase"])
REGIONS = np.array(["North", "South", "East", "West", "Abroad"])
CHANNELS = np.array(["web", "app", "store"])
YEAR_MS = 365 * 86_400_000
START_MS = 1_672_531_200_000  # 2023-01-01

rng = np.random.default_rng(20240531)
price_cents = np.round(np.exp(rng.normal(9.5, 1.2, N_PRODUCTS))).astype(np.int64) + 99


def events(start, n):
    at = START_MS + np.sort(rng.integers(start, start + n, n)) * YEAR_MS // n_lines
    n_sessions = n // 4 + 1
    session = rng.integers(0, n_sessions, n)
    customer = (N_CUSTOMERS * rng.random(n_sessions) ** 2).astype(np.int64)[session]
    product = (N_PRODUCTS * rng.random(n) ** 3).astype(np.int64)
    kind = rng.choice(5, n, p=[0.86, 0.07, 0.03, 0.01, 0.03])
    channel = rng.integers(0, 3, n_sessions)[session]
    token = rng.integers(0, 2**63, n_sessions)[session]
    bought = kind == 4
    return pl.DataFrame({
        "event_time": pl.Series(at).cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%d %H:%M:%S"),
        "event_type": KINDS[kind],
        "product_id": 1_000_000 + product,
        "user_id": 500_000_000 + customer,
        "user_session": pl.Series(token).map_elements(lambda t: f"{t:016x}", return_dtype=pl.String),
        "price": price_cents[product] / 100,
        "quantity": pl.Series(np.where(bought, 1 + rng.integers(0, 3, n), 0)).replace(0, None),
        "channel": CHANNELS[channel],
    })


def customers(start, n):
    row = np.arange(start, start + n)
    number = np.where(row % 20 == 19, row // 40 * 20, row)
    day = 14_610 + rng.integers(0, 4000, n)
    return pl.DataFrame({
        "customer_id": 500_000_000 + number,
        "joined_on": pl.Series(day.astype(np.int32)).cast(pl.Date),
        "birth_year": pl.Series(rng.integers(1950, 2008, n)),
        "gender": np.array(["f", "m", None], dtype=object)[rng.integers(0, 3, n)].tolist(),
        "region": REGIONS[rng.integers(0, len(REGIONS), n)],
        "city": [f"Town {t}" for t in rng.integers(0, 3000, n)],
        "first_channel": CHANNELS[rng.integers(0, 3, n)],
        "newsletter": rng.integers(0, 2, n),
    })


make = {"events": events, "customers": customers}[what]
with open(path, "wb") as file:
    for start in range(0, n_lines, BLOCK):
        frame = make(start, min(BLOCK, n_lines - start))
        frame.write_csv(file, include_header=start == 0, float_precision=2)
