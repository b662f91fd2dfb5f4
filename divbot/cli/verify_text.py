"""What `divbot verify` found, in words and as documents."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from divbot.domain.market import Market
from divbot.domain.names import counted, words
from divbot.scanner.block import Block
from divbot.scanner.evidence.base_rates import BaseRate
from divbot.scanner.evidence.calibration import Calibration, Statements, Thirds
from divbot.scanner.evidence.weekly import FEWEST, Estimate


def base_rate_line(rate: BaseRate) -> str:
    """Return what a base rate says, and how far it is believed, in one line."""
    weeks = counted(rate.weeks, "week")
    what = f"{rate.market.title} {rate.interval.value}, {rate.cases} samples of {weeks}"
    if rate.ratio_error is None:
        return f"{what}: too few days to be believed"
    return (
        f"{what}: {rate.ratio:.3f} times the targets that chance reaches (standard error "
        f"{rate.ratio_error:.3f}), taken as {rate.believed_ratio:.3f}"
    )


def calibration_document(found: Calibration, block: Block, market: Market) -> dict[str, Any]:
    """Return all figures, and what they were counted on."""
    document = asdict(found)
    return {
        "schema": 1,
        "market": market.value,
        "interval": block.interval.value,
        "symbols": len(block.symbols),
        "candles": len(block.close),
        **document.pop("whole"),
        **document,
    }


def calibration_lines(found: Calibration, block: Block, market: Market) -> list[str]:
    """Return all figures in lines of text."""
    whole = found.whole
    return [
        f"recorded {market.title}, {block.interval.value}: "
        f"{len(block.symbols)} symbols, {len(block.close)} candles, "
        f"{counted(found.weeks, 'week')}, {whole.cases} past divergences that ended",
        "",
        "confidence  samples  stated  happened",
        *(
            f"{x.low:.1f} to {x.high:.1f}  {x.cases:>7}  {x.stated:>6.3f}  {x.happened:>8.3f}"
            for x in whole.bins
        ),
        "",
        f"reached the target    {whole.share:.4f}, stated {whole.stated:.4f} on average",
        f"calibration error     {whole.calibration_error:.4f}",
        f"Brier score           {whole.brier:.4f}",
        f"  for comparison      {found.brier_running:.4f} always predicting the average so far",
        f"                      {whole.brier_constant:.4f} always predicting the final average "
        "(hindsight)",
        f"result                {whole.result:+.3f} R {_range(found.result)}, "
        f"stated {whole.expected:+.3f} R on average",
        *_second_half(found.second_half),
        "",
        "what the lower and the upper third of signals brought, in R; a week is one observation",
        "part of the score    lower   upper  difference",
        *(_third(name, x) for name, x in found.parts.items()),
        "",
        "of what the last window showed, this part came again (1: all of it, 0: it was luck)",
        *(
            f"{name:<8}  {x.value:+.2f} {_range(x)}" if x else f"{name:<8}  n/a"
            for name, x in found.repeated.items()
        ),
    ]


def _second_half(half: Statements | None) -> list[str]:
    if half is None:
        return []
    return [
        "",
        "the second half, stated with base rates counted on the first:",
        f"reached the target    {half.share:.4f}, stated {half.stated:.4f} on average",
        f"calibration error     {half.calibration_error:.4f}",
        f"Brier score           {half.brier:.4f}, hindsight {half.brier_constant:.4f}",
    ]


def _third(name: str, found: Thirds | None) -> str:
    title = words(name)
    if found is None:
        return f"{title:<18}  n/a: the same for nearly all"
    verdict = "" if found.difference.differs else ", tells nothing"
    return (
        f"{title:<18}  {found.lower:+.3f}  {found.upper:+.3f}  {found.difference.value:+.3f} "
        f"{_range(found.difference)}{verdict}"
    )


def _range(figure: Estimate) -> str:
    if figure.low is None or figure.high is None:
        return f"(n/a: {counted(figure.observations, 'week')}, at least {FEWEST} are needed)"
    return f"({figure.low:+.3f} to {figure.high:+.3f})"
