"""Compares transcriptions of one machine with those of another: ``python tests/pi/compare.py FOLDER``."""

import csv
import sys
from pathlib import Path


def hits_of(path: Path) -> list[tuple[float, str, int]]:
    """Time, articulation and velocity of each hit."""
    with path.open(newline="") as file:
        return [(float(row["time"]), row["articulation"], int(row["velocity"])) for row in csv.DictReader(file)]


def differences(one: list[tuple[float, str, int]], other: list[tuple[float, str, int]]) -> tuple[int, float, int]:
    """Hits that only one has, and the largest differences of time and velocity of the others."""
    left, strays, late, loud = list(other), 0, 0.0, 0
    for time, name, velocity in one:
        near = [hit for hit in left if hit[1] == name and abs(hit[0] - time) < 0.02]
        if not near:
            strays += 1
            continue
        found = min(near, key=lambda hit: abs(hit[0] - time))
        left.remove(found)
        late, loud = max(late, abs(found[0] - time)), max(loud, abs(found[2] - velocity))
    return strays + len(left), late, loud


def main() -> None:
    """Print a line for each pair of files, ``arm-X.csv`` and ``here-X.csv``."""
    for arm in sorted(Path(sys.argv[1]).glob("arm-*.csv")):
        one, other = hits_of(arm), hits_of(arm.with_name(arm.name.replace("arm-", "here-")))
        strays, late, loud = differences(one, other)
        same = (
            "identical" if one == other else f"{strays} hits differ, times by {late * 1e3:.3f} ms, velocities by {loud}"
        )
        print(f"{arm.stem.removeprefix('arm-')}: {len(other)} hits, {same}")


if __name__ == "__main__":
    main()
