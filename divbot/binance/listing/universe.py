"""Which symbols are worth looking at: the most traded ones that no rule leaves out. Pure.

The user's `include` beats all but the first six rules; a symbol that is held stays whatever the
rules say, so that its position can be closed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain

from divbot.binance.listing.rules import (
    EXCLUDED,
    STANDS_STILL,
    MarketSnapshot,
    UniverseRules,
    found_against,
    is_match,
    spread_of,
    unlisted,
)
from divbot.domain.errors import InputError
from divbot.domain.suggestions import nearest
from divbot.domain.symbols import not_listed, unknown_symbol
from divbot.domain.universe import LeftOut, Listed, Rule, Universe, by_symbol

HYSTERESIS = Decimal("1.2")
"""A symbol of the last list stays until it ranks beyond this many times the list's length."""


def select(
    snapshot: MarketSnapshot,
    rules: UniverseRules,
    *,
    held: Collection[str] = (),
    previous: Collection[str] = (),
) -> Universe:
    """Return the universe; raise InputError where `rules.symbols` leave nothing to scan.

    `held` are symbols that are never dropped, `previous` those of the last list: they are dropped
    only where they rank well below its end.
    """
    if rules.symbols:
        lost = {x.symbol: x for x in chain(unlisted(snapshot), _excluded(rules))}
        chosen = _chosen(snapshot, [x for x in rules.symbols if x not in lost], held)
        besides = _besides(chosen.listed, snapshot, held)
        return replace(
            chosen,
            listed=(*chosen.listed, *besides),
            left_out=by_symbol(lost[x] for x in {*rules.symbols} & lost.keys() - {*held}),
            notices=tuple(chain(without_match(snapshot.instruments, rules), _contradicted(rules))),
        )
    objections = dict(found_against(snapshot, rules))
    eligible = [
        listed_of(snapshot, symbol, is_wanted=rules.includes(symbol) or symbol in held)
        for symbol in snapshot.instruments
        if symbol not in objections
    ]
    eligible.sort(key=_by_volume)
    enters, stays = last_ranks(rules)
    kept, below = [], []
    for rank, listed in enumerate(eligible, 1):
        if rank <= (stays if listed.symbol in previous else enters) or rules.includes(
            listed.symbol
        ):
            kept.append(listed)
        elif listed.symbol not in held:
            detail = f"rank {rank} by volume; the list ends at {rules.top}"
            below.append(LeftOut(listed.symbol, Rule.RANK, detail))
    kept += _besides(kept, snapshot, held)
    kept.sort(key=_by_volume)
    objected = [x for symbol, x in objections.items() if symbol not in held]
    return Universe(
        snapshot.at,
        tuple(kept),
        by_symbol([*objected, *below]),
        dropped=snapshot.dropped,
        notices=tuple(without_match(snapshot.instruments, rules)),
    )


def last_ranks(rules: UniverseRules) -> tuple[int, int]:
    """Return the last rank by volume that enters the list, and the last that stays on it."""
    return rules.top, int(HYSTERESIS * rules.top)


def without_judged(universe: Universe, verdicts: Mapping[str, bool]) -> Universe:
    """Return the same without what was found to stand still, by symbol, and no dearer to scan.

    What was judged and is scanned besides has cost twice: the least traded symbols that are not
    wanted by name go in its place.
    """
    flat = [symbol for symbol, is_flat in verdicts.items() if is_flat]
    others = universe.without(flat, Rule.FLAT, STANDS_STILL)
    unnamed = [x.symbol for x in reversed(others.listed) if not x.is_wanted]
    last = unnamed[: len(verdicts) - len(flat)]
    return others.without(last, Rule.RANK, "in its place a suspected peg was judged, this once")


def _excluded(rules: UniverseRules) -> Iterator[LeftOut]:
    """Give the chosen symbols that are excluded as well: what is never to be scanned is not."""
    for symbol in rules.symbols:
        if rules.excludes(symbol):
            yield LeftOut(symbol, Rule.EXCLUDED, EXCLUDED)


def _contradicted(rules: UniverseRules) -> Iterator[str]:
    """Give a line for each way in which the chosen symbols contradict the other rules."""
    for excluded in _excluded(rules):
        yield f"{excluded.symbol} is not scanned: it is {EXCLUDED}"
    if rules.include:
        yield "include is not used: only the symbols that are chosen by name are scanned"


def _besides(
    chosen: Iterable[Listed], snapshot: MarketSnapshot, held: Collection[str]
) -> Iterator[Listed]:
    """Yield what is held and not among the `chosen`."""
    known = {x.symbol for x in chosen}
    for symbol in sorted(set(held) - known):
        yield replace(listed_of(snapshot, symbol, is_wanted=True), is_only_held=True)


def _by_volume(listed: Listed) -> tuple[Decimal, str]:
    return -listed.quote_volume, listed.symbol


def _chosen(snapshot: MarketSnapshot, symbols: Sequence[str], held: Collection[str]) -> Universe:
    unknown = unknown_among(snapshot.instruments, symbols, held)
    found = dict.fromkeys(x for x in symbols if x in snapshot.instruments)
    listed = tuple(listed_of(snapshot, symbol, is_wanted=True) for symbol in found)
    return Universe(snapshot.at, listed, dropped=snapshot.dropped, unknown=unknown)


def unknown_among(
    known: Collection[str], symbols: Sequence[str], held: Collection[str]
) -> dict[str, str]:
    """Return the `symbols` that are neither `known` nor held, each with what to say of it.

    Raise InputError where there are symbols, none of them is known, and nothing is held.
    """
    unknown = [x for x in dict.fromkeys(symbols) if x not in known and x not in held]
    if symbols and len(unknown) == len(set(symbols)) and not held:
        raise InputError("; ".join(unknown_symbol(x, known) for x in unknown))
    return {x: not_listed(x, known) for x in unknown}


def without_match(known: Collection[str], rules: UniverseRules) -> Iterator[str]:
    """Give a line for each pattern that no symbol of those `known` matches."""
    for name, patterns in (("include", rules.include), ("exclude", rules.exclude)):
        for pattern in patterns:
            if not any(is_match(symbol, pattern) for symbol in known):
                near = nearest(pattern, known)
                hint = f"; did you mean {near}?" if near else ""
                yield f"{name}: no symbol of the venue matches {pattern!r}{hint}"


def listed_of(snapshot: MarketSnapshot, symbol: str, *, is_wanted: bool) -> Listed:
    """Return a symbol with what `snapshot` says of it."""
    ticker = snapshot.tickers.get(symbol)
    return Listed(
        symbol=symbol,
        instrument=snapshot.instruments.get(symbol),
        quote_volume=ticker.quote_volume if ticker else Decimal(0),
        spread=spread_of(snapshot, symbol),
        is_wanted=is_wanted,
    )
