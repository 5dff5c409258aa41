"""The sample company: 36 months of surveys, accounts, revenue and follow-ups, drawn from one seed.

    python seeds/generate_company.py --output DIR [--scale S] [--format csv|parquet] [--seed N]

The same arguments give the same bytes; no clock is read. Scale 1 has 600 accounts, about 8,000 answers and
24,000 revenue lines; everything but surveys, channels, regions and staff grows linearly with the scale.
Columns are those of the contract. What is planted, and how many bad rows, is told in docs/sample-company.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

# Of a script, the path has the folder that it lies in, and not the one above.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from seeds.company.whole import generate
from seeds.company.writing import write_csv, write_parquet


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the company that the command line asks for."""
    parser = argparse.ArgumentParser(description="Write the raw tables of the sample company.")
    parser.add_argument("--output", type=Path, required=True, help="folder for the 13 files")
    parser.add_argument("--scale", type=float, default=1.0, help="1: 600 accounts, 8,000 answers, 24,000 revenue lines")
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    chosen.output.mkdir(parents=True, exist_ok=True)
    write = write_csv if chosen.format == "csv" else write_parquet
    write(generate(chosen.scale, chosen.seed), chosen.output)


if __name__ == "__main__":
    main()
