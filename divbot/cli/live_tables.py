"""The two tables of the live view: open positions, and the best opportunities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from rich.text import Text

from divbot.cli.columns import Column, cut, flowing, side_style, table_lines
from divbot.cli.figures import multiple, percent, price_text, quantity_text, signed, span
from divbot.domain.clock import day_text
from divbot.domain.names import words
from divbot.domain.positions import Position
from divbot.domain.risk import in_risks
from divbot.domain.signals import Opportunity
from divbot.trading.engine.snapshot import RunSnapshot

_UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class _Held:
    """An open position as it stands at one moment."""

    position: Position
    price: Decimal | None
    profit: Decimal | None
    at: int
    risk: Decimal

    @property
    def r_multiple(self) -> Decimal | None:
        return None if self.profit is None else in_risks(self.profit, self.risk)

    def price_cell(self, price: Decimal | None) -> str:
        return _UNKNOWN if price is None else price_text(price, self.position.entry_price)

    def distance_cell(self, to: Decimal, sign: int) -> str:
        """Write how far the price is from `to`, as a part of the price; below zero: beyond it."""
        if self.price is None:
            return _UNKNOWN
        return percent(sign * (to - self.price) / self.price)


def sign_style(amount: Decimal | None) -> str:
    """Return the colour of a profit or a loss."""
    return "" if not amount else "green" if amount > 0 else "red"


_POSITION_COLUMNS: tuple[Column[_Held], ...] = (
    Column("position", lambda x: x.position.symbol, is_number=False, least=9),
    Column(
        "side",
        lambda x: x.position.side.value,
        lambda x: side_style(x.position.side),
        is_number=False,
    ),
    Column("quantity", lambda x: quantity_text(x.position.quantity)),
    Column("entry", lambda x: x.price_cell(x.position.entry_price)),
    Column("price", lambda x: x.price_cell(x.price)),
    Column(
        "profit",
        lambda x: _UNKNOWN if x.profit is None else signed(x.profit),
        lambda x: sign_style(x.profit),
        least=8,
    ),
    Column("R", lambda x: multiple(x.r_multiple), lambda x: sign_style(x.profit), least=5),
    Column("stop", lambda x: x.distance_cell(x.position.stop, -x.position.sign), least=5),
    Column("target", lambda x: x.distance_cell(x.position.target, x.position.sign)),
    Column("held", lambda x: span(x.at - x.position.opened_at), least=5),
    Column("stop at", lambda x: x.price_cell(x.position.stop)),
    Column("target at", lambda x: x.price_cell(x.position.target)),
    Column(
        "liquidation",
        lambda x: x.price_cell(x.position.liquidation) if x.position.liquidation else "",
    ),
    Column("leverage", lambda x: f"{x.position.leverage}x"),
)
_POSITION_ORDER = (
    *("leverage", "liquidation", "target at", "stop at"),
    *("quantity", "entry", "held", "price", "side", "target", "stop", "R", "profit"),
)
_OPPORTUNITY_COLUMNS: tuple[Column[tuple[Opportunity, int]], ...] = (
    Column("opportunity", lambda x: x[0].divergence.symbol, is_number=False),
    Column("signal", lambda x: x[0].side.value, lambda x: side_style(x[0].side), is_number=False),
    Column("kind", lambda x: words(x[0].divergence.kind.value), is_number=False),
    Column("score", lambda x: f"{x[0].score:.1f}"),
    Column("RSI", lambda x: f"{x[0].rsi_previous:.1f} → {x[0].rsi:.1f}"),
    Column("price", lambda x: f"{x[0].price:f}"),
    Column("stop", lambda x: f"{x[0].stop:f}"),
    Column("target", lambda x: f"{x[0].target:f}"),
    Column("R/R", lambda x: f"{x[0].reward_risk:.1f}", least=4),
    Column("age", lambda x: span(x[1] - x[0].confirmed_at), least=6),
    Column("confirmed", lambda x: day_text(x[0].confirmed_at), is_number=False),
    Column("24 h volume", lambda x: f"{x[0].quote_volume:,.0f}"),
)
_OPPORTUNITY_ORDER = (
    *("24 h volume", "confirmed", "RSI", "target", "stop", "price"),
    *("R/R", "kind", "score", "age", "signal"),
)


def position_lines(snapshot: RunSnapshot, width: int) -> list[Text]:
    """Return the titles and a line for each open position; one line where there is none."""
    rows = list(_held(snapshot))
    if not rows:
        return [cut("no open position", width, "dim")]
    return table_lines(_POSITION_COLUMNS, rows, order=_POSITION_ORDER, width=width)


def fewer_positions(
    snapshot: RunSnapshot, lines: list[Text], width: int, height: int
) -> list[Text]:
    """Return as many of `lines` as there is room for; the last tells of those without a line."""
    if len(lines) <= height:
        return lines
    shown = lines[: max(height - 1, 0)] if height > 2 else []
    hidden = list(_held(snapshot))[max(len(shown) - 1, 0) :]
    profit = sum((x.profit for x in hidden if x.profit is not None), Decimal(0))
    count = f"and {len(hidden)} more" if shown else f"{len(hidden)} open positions"
    together = Text.assemble("together ", (signed(profit), sign_style(profit)))
    return [*shown, *flowing([Text(count), together], width)[:1]][:height]


def opportunity_lines(snapshot: RunSnapshot, width: int) -> list[Text]:
    """Return the titles and a line for each opportunity of the last report, the best first."""
    if not snapshot.scanner.scans:
        return [cut("no report yet", width, "dim")]
    rows = [(x, snapshot.at) for x in snapshot.scanner.opportunities]
    if not rows:
        return [cut("no opportunity in the last report", width, "dim")]
    return table_lines(_OPPORTUNITY_COLUMNS, rows, order=_OPPORTUNITY_ORDER, width=width)


def _held(snapshot: RunSnapshot) -> Iterator[_Held]:
    for position in snapshot.ledger.positions.values():
        price, profit = snapshot.price_of(position), snapshot.profit_of(position)
        risk = snapshot.ledger.opened_by[position.trade].risk
        yield _Held(position, price, profit, snapshot.at, risk)
