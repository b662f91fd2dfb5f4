"""Luck curves of sweeps, one above the other, as a picture (SVG) that follows light and dark.

    python benchmarks/luck_picture.py PICTURE.svg TITLE=SWEEP.json [TITLE=SWEEP.json ...]

SWEEP.json is what `divbot sweep --json` prints.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from commandline import BenchmarkFailed, Parser, run

_WIDTH, _PANEL, _TOP, _LEFT, _RIGHT, _CURVE, _FOOT = 720, 200, 44, 16, 16, 96, 36
_CAPTION = "t on development. Grey: the best of each world without an edge; blue: each setting"
_STYLE = """\
svg { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.card { fill: #ffffff; } text { fill: #1c1d1f; } .quiet { fill: #5d6066; }
.luck { fill: #c3c6cb; } .axis { stroke: #9b9ea4; } .setting { stroke: #2456a6; }
.winner { stroke: #0b7a5b; stroke-width: 2; } .won { fill: #0b7a5b; }
@media (prefers-color-scheme: dark) {
  .card { fill: #1e2125; } text { fill: #e8e9eb; } .quiet { fill: #a3a7ae; }
  .luck { fill: #4a4f57; } .axis { stroke: #7b8088; } .setting { stroke: #86b3ff; }
  .winner { stroke: #4fc79c; } .won { fill: #4fc79c; }
}"""


@dataclass(frozen=True, slots=True)
class Curve:
    """What luck does at best, and what the settings of one sweep did."""

    title: str
    edges: Sequence[float]
    counts: Sequence[int]
    t: Sequence[float]
    """Of all settings, the winner's first."""
    p: float
    """Of the winner, adjusted."""

    @classmethod
    def of(cls, title: str, document: Mapping[str, Any]) -> Curve:
        """Return that of a document; of a sweep without a luck curve, an empty one."""
        luck, standings = document["luck"], document["standings"]
        return cls(
            f"{title}: {document['finding']}",
            luck["edges"] if luck else [],
            luck["counts"] if luck else [],
            [x["t"] for x in standings],
            standings[0]["p"] if standings else 1.0,
        )


def picture(curves: Sequence[Curve]) -> str:
    """Return the picture; all curves share one axis, so that they can be compared."""
    ends = [x for curve in curves for x in (*curve.edges, *curve.t)] or [0.0, 1.0]
    low, high = min(ends) - 0.2, max(ends) + 0.2

    def across(t: float) -> float:
        return round(_LEFT + (t - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT), 1)

    body = "\n".join(
        line
        for number, curve in enumerate(curves)
        for line in _panel(curve, _PANEL * number, range(-int(-low), int(high) + 1), across)
    )
    height = _PANEL * len(curves) + _FOOT
    caption = f'<text class="quiet" x="{_LEFT}" y="{height - 14}">{_CAPTION}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">\n'
        f"<title>What luck does at best, and what the settings did</title>\n<style>\n{_STYLE}\n"
        f'</style>\n<rect class="card" width="{_WIDTH}" height="{height}"/>\n'
        f"{body}\n{caption}\n</svg>\n"
    )


def _panel(curve: Curve, top: int, ticks: range, across: Any) -> Iterator[str]:
    ground = top + _TOP + _CURVE
    yield f'<text x="{_LEFT}" y="{top + 22}" font-weight="600">{escape(curve.title)}</text>'
    most = max(curve.counts, default=1)
    for (start, end), count in zip(pairwise(curve.edges), curve.counts, strict=True):
        height = round(_CURVE * count / most, 1)
        x, width = across(start), round(across(end) - across(start), 1)
        yield (
            f'<rect class="luck" x="{x}" y="{ground - height}" width="{width}" height="{height}"/>'
        )
    yield f'<path class="axis" d="M{_LEFT} {ground}H{_WIDTH - _RIGHT}"/>'
    marks = "".join(f"M{across(t)} {ground + 3}v9" for t in curve.t)
    yield f'<path class="setting" d="{marks}"/>'
    for t in ticks:
        yield (
            f'<text class="quiet" x="{across(t)}" y="{ground + 28}" text-anchor="middle">{t}</text>'
        )
    if curve.t:
        x = across(curve.t[0])
        yield f'<path class="winner" d="M{x} {ground}V{top + _TOP - 8}"/>'
        side, gap = ("end", -6) if x > _WIDTH / 2 else ("start", 6)
        yield (
            f'<text class="won" x="{x + gap}" y="{top + _TOP + 2}" text-anchor="{side}">winner, '
            f"t = {curve.t[0]:.2f}, adjusted p = {curve.p:.2f}</text>"
        )


def main() -> None:
    parser = Parser(description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("sweeps", nargs="+")
    options = parser.parse_args()
    curves = [_read(x) for x in options.sweeps]
    options.picture.write_text(picture(curves), "utf-8")


def _read(text: str) -> Curve:
    title, _, path = text.rpartition("=")
    try:
        return Curve.of(title or Path(path).stem, json.loads(Path(path).read_text("utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise BenchmarkFailed(f"{path} is no document of divbot sweep --json: {error}") from error


if __name__ == "__main__":
    run(main)
