"""Why there was no symbol to scan, in words. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from divbot.domain.names import words
from divbot.domain.universe import LeftOut
from divbot.scanner.report import Skipped


def why_none(left_out: Sequence[LeftOut], skipped: Sequence[Skipped]) -> str:
    """Return why no symbol was scanned: how many each reason kept out, and an example of the first.

    `left_out` are not in the universe, `skipped` are, but could not be scanned. Those that nobody
    can trade are counted only where there are no others.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    tradable = [out for out in left_out if out.is_traded]
    for out in tradable or (() if skipped else left_out):
        found[out.rule].append(f"{out.symbol}: {out.detail}")
    for skip in skipped:
        found[skip.reason].append(f"{skip.symbol}: {skip.detail}")
    if not found:
        return "no symbol was scanned: the venue lists none"
    reasons = sorted(found.items(), key=lambda x: (-len(x[1]), x[0]))
    counts = ", ".join(f"{len(told)} {words(name)}" for name, told in reasons)
    total = sum(map(len, found.values()))
    what = "that can be traded" if tradable or skipped else "on its list"
    kept_out = f"{total} {what} {'is' if total == 1 else 'are'} left out"
    return f"no symbol was scanned: {kept_out} ({counts}); {reasons[0][1][0]}"
