"""Three real years, searched once each: the runs of docs/real_years.md, and their picture.

    python benchmarks/real_years.py RECORDINGS FOLDER

RECORDINGS holds usdm-1h-2024.parquet, usdm-4h-2024.parquet, spot-1h-2022.parquet and
usdm-funding-2024.parquet. In FOLDER come the store, a ledger of its own, and of each sweep
the document, the page and what was printed. Run again, it repeats what stands in the ledger: no
look is added.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commandline import BenchmarkFailed, Parser, run
from luck_picture import Curve, picture

from divbot.domain.market import Interval
from divbot.recordings.recording import read_tracks

_FUNDING = "usdm-funding-2024.parquet"
_ASIDE = "0123"
"""First digits of the SHA-256 of a name: a quarter of them."""
_ALL = "regular_bullish+hidden_bullish+regular_bearish+hidden_bearish"
_PIVOTS = {"pivot_left": "3,5,8", "pivot_right": "2,5"}
_PLANS = {"stop_atr": "0.5,1,2", "reward_risk": "1,2,3"}
_FUTURES = ",".join(
    (
        "regular_bullish+regular_bearish",
        "hidden_bullish+hidden_bearish",
        "regular_bullish+hidden_bullish",
        "regular_bearish+hidden_bearish",
        _ALL,
    )
)
_SPOT = "regular_bullish,hidden_bullish,regular_bullish+hidden_bullish"


@dataclass(frozen=True, slots=True)
class Year:
    """A recording, and the grid that it is searched with."""

    name: str
    title: str
    market: str
    interval: str
    space: Mapping[str, str]

    @property
    def flags(self) -> list[str]:
        """Return those that name the market."""
        return ["--market", self.market, "--interval", self.interval]


YEARS = (
    Year(
        *("usdm-1h-2024", "USD-M futures 1h, 2024 and 2025", "usdm", "1h"),
        _PIVOTS | _PLANS | {"kind": _FUTURES, "max_holding": "24h,48h"},
    ),
    Year(
        *("usdm-4h-2024", "USD-M futures 4h, 2024 and 2025", "usdm", "4h"),
        _PIVOTS | _PLANS | {"kind": _FUTURES, "max_holding": "24h,72h"},
    ),
    Year(
        *("spot-1h-2022", "spot 1h, 2022", "spot", "1h"),
        _PIVOTS | _PLANS | {"kind": _SPOT, "max_holding": "24h,48h"},
    ),
)


@dataclass(frozen=True, slots=True)
class Runs:
    """Where recordings are, and where all that comes of them goes."""

    recordings: Path
    folder: Path

    def recording(self, year: Year) -> Path:
        """Return the file of a year."""
        return self.recordings / f"{year.name}.parquet"

    def sweep(self, name: str, *flags: object) -> dict[str, Any]:
        """Return the document of a sweep; its page, and what is printed, are kept beside it."""
        shared = ["sweep", *map(str, flags), "--min-reward-risk", "0.5"]
        print(f"\n{name}: divbot {' '.join(shared)}", flush=True)
        page, document = (self.folder / f"{name}{x}" for x in (".html", ".json"))
        document.write_text(self._divbot(*shared, "--report", str(page), "--json"), "utf-8")
        # The same again is a repetition, which gets the verdict that it got.
        text = self._divbot(*shared, "--no-portfolio", "--quiet")
        (self.folder / f"{name}.txt").write_text(text, "utf-8")
        print(text, flush=True)
        found: dict[str, Any] = json.loads(document.read_text("utf-8"))
        return found

    def fill(self) -> None:
        """Put all recordings into the store, once."""
        if (self.folder / "store").exists():
            return
        for year in YEARS:
            self._import(self.recording(year), "--market", year.market, "-i", year.interval)
        self._import(self.recordings / _FUNDING, "--market", "usdm")

    def _import(self, file: Path, *flags: str) -> None:
        print(self._divbot("data", "import", str(file), *flags, "--store", str(self.store)))

    @property
    def store(self) -> Path:
        """Return the folder of candles."""
        return self.folder / "store"

    def _divbot(self, *arguments: str) -> str:
        homes = {"XDG_STATE_HOME": self.folder / "state", "XDG_CACHE_HOME": self.folder / "cache"}
        found = subprocess.run(
            [sys.executable, "-m", "divbot", *arguments],
            env=os.environ | {name: str(path.absolute()) for name, path in homes.items()},
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        if found.returncode:
            raise BenchmarkFailed(f"divbot {arguments[0]} ended with {found.returncode}")
        return found.stdout


def main() -> None:
    runs = _parsed()
    runs.folder.mkdir(parents=True, exist_ok=True)
    runs.fill()
    found = {year.name: _searched(runs, year) for year in YEARS}
    curves = [Curve.of(year.title, found[year.name]) for year in YEARS]
    (runs.folder / "real_years.svg").write_text(picture(curves), "utf-8")
    for year in YEARS:
        _check(runs, year, found[year.name])


def _parsed() -> Runs:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    return Runs(options.recordings, options.folder)


def _searched(runs: Runs, year: Year) -> dict[str, Any]:
    """Return what a year comes to, without the symbols that are kept aside."""
    aside = ",".join(x for x in _symbols(runs, year) if is_aside(x))
    return runs.sweep(
        year.name,
        *(*year.flags, "--store", runs.store, "--exclude", aside),
        *_sets(year.space),
    )


def _symbols(runs: Runs, year: Year) -> list[str]:
    _, tracks = read_tracks(runs.recording(year), Interval(year.interval))
    return sorted(x.symbol for x in tracks)


def is_aside(symbol: str) -> bool:
    """Return whether no sweep trades this symbol before all verdicts stand."""
    return hashlib.sha256(symbol.encode()).hexdigest()[0] in _ASIDE


def _check(runs: Runs, year: Year, found: Mapping[str, Any]) -> None:
    """Run the winner of a year alone: on the symbols kept aside, and on other months."""
    if found["winner"] is None:
        return
    winner = found["standings"][0]["values"]
    aside = ",".join(x for x in _symbols(runs, year) if is_aside(x))
    runs.sweep(
        f"{year.name}-aside",
        *(*year.flags, "--store", runs.store, "--symbols", aside),
        *_sets(winner),
    )
    if year.market == "spot" or "bullish" in winner["kind"]:
        runs.sweep(f"{year.name}-elsewhere", *_elsewhere(runs, year), *_sets(winner))


def _elsewhere(runs: Runs, year: Year) -> Iterator[object]:
    """Yield the flags of the other market's months, in candles of the year's interval."""
    futures, _, spot = YEARS
    other = futures if year is spot else spot
    yield from ("--market", other.market, "--interval", year.interval)
    yield from ("--recorded", runs.recording(other))


def _sets(space: Mapping[str, str]) -> Iterator[str]:
    for name, values in space.items():
        yield from ("--set", f"{name}={values}")


if __name__ == "__main__":
    run(main)
