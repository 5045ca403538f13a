"""What the next run of a million known people costs, as a share of the first one.

The same input again; then 10,000 of its rows changed; then 500 of its people gone.

`python -m benchmarks.again [ROWS]`, default 1,000,000.
"""

import sys
import tempfile
from pathlib import Path

import polars as pl
import yaml

from benchmarks.customers import SPEC
from benchmarks.importing import Measured, carry_out, generate, sink, sink_schema


def main(rows: int) -> None:
    """Import generated customers, and import them again and again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "customers.csv"
        generate(source, rows)
        spec_path = folder / "spec.yaml"
        spec_path.write_text(SPEC.format(path=source))
        with sink(sink_schema(yaml.safe_load(spec_path.read_text())), folder) as url:
            first = carry_out(spec_path, folder / "state", url)
            _show("for the first time", first, first, rows)
            _show("the same again", carry_out(spec_path, folder / "state", url), first, rows)
            _change(source, rows, changed=rows // 100)
            _show(f"{rows // 100:,} changed", carry_out(spec_path, folder / "state", url), first, rows)
            _take_away(source, gone=500)
            _show("500 gone", carry_out(spec_path, folder / "state", url), first, rows)


def _change(source: Path, rows: int, *, changed: int) -> None:
    """Give every so-maniest row another city; of people with several rows the last one says it."""
    customers = pl.read_csv(source, infer_schema=False)
    is_last = customers["Email"].is_last_distinct()
    wanted = is_last.arg_true().gather_every(max(1, is_last.sum() // changed)).head(changed)
    is_changed = pl.int_range(rows, eager=True, dtype=pl.UInt32).is_in(wanted.implode())
    city = pl.when(is_changed).then(pl.lit("Elsewhere")).otherwise("City").alias("City")
    customers.with_columns(city).write_csv(source)


def _take_away(source: Path, *, gone: int) -> None:
    """Take the rows of so many people away."""
    customers = pl.read_csv(source, infer_schema=False)
    people = customers["Email"].unique(maintain_order=True).tail(gone)
    customers.filter(~pl.col("Email").is_in(people.implode())).write_csv(source)


def _show(what: str, measured: Measured, first: Measured, rows: int) -> None:
    load = measured.report["loads"]["profiles"]
    persons = {name: load["persons"][name] for name in ("new", "changed", "unchanged", "gone")}
    print(
        f"{what}: {measured.seconds:.1f} s ({measured.seconds / first.seconds:.2f} of the first), "
        f"{rows / measured.seconds:,.0f} rows a second, CPU {measured.cpu_seconds:.1f} s "
        f"({measured.cpu_seconds / first.cpu_seconds:.2f}), {measured.peak_bytes / 1e6:,.0f} MB"
    )
    print(f"  sent {load['sent']:,} profiles; persons {persons}")
    print(f"  {measured.report['timing']}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
