"""Make lib/downslope/data/files/temperatures.csv from the npm package `vega-datasets` 3.2.1.

    python tools/data/make_temperatures.py [vega-datasets-3.2.1.tgz] [--check]

Keeps three columns of seattle-weather.csv as they stand: the date, the day's highest and lowest temperature.
"""

import csv
import io
from pathlib import Path

from data_files import main, package_files

PACKAGE = "vega-datasets@3.2.1"
INTEGRITY = "sha512-lTSwZA6yq6qSU2YZm+6bqILiIvTPPxn4itir7jPGFmHIdPvUfQ9pCzzcrklYywMJgLUbaIeSkZQdiJd6wBxPug=="
SOURCE = "data/seattle-weather.csv"


def make(tarball: Path | None) -> bytes:
    """The content of the file: a head and one line for each day."""
    text = package_files(PACKAGE, INTEGRITY, [SOURCE], tarball)[SOURCE].decode("utf-8")
    days = csv.DictReader(io.StringIO(text))
    lines = ["date,max,min", *(f"{day['date']},{day['temp_max']},{day['temp_min']}" for day in days)]
    return ("\n".join(lines) + "\n").encode("ascii")


if __name__ == "__main__":
    main("temperatures.csv", make, __doc__.splitlines()[0])
