"""What the live view says besides its tables: heading, account, scanner, weight, last events."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from divbot.cli.columns import cut, flowing, side_style
from divbot.cli.figures import change, harmless, money, percent, signed, span
from divbot.cli.lines import PRICES, VERB, event_words, exit_profit
from divbot.cli.live_tables import sign_style
from divbot.domain.clock import day_text, time_text, utc_text
from divbot.domain.events import Entered, Event, Exited, Paused
from divbot.trading.engine.snapshot import LATE, RunSnapshot, ScannerView

_HEAVY = 0.9


def heading_lines(snapshot: RunSnapshot, width: int) -> list[Text]:
    """Return what is traded, the market's time, and whether its prices are simulated."""
    market = f"{snapshot.venue} {snapshot.market.title} {snapshot.interval.value}"
    items = [
        cut(market, width, "bold"),
        Text(f"{utc_text(snapshot.at, seconds=True)} UTC"),
        Text(PRICES[snapshot.is_simulated], "bold yellow" if snapshot.is_simulated else "green"),
    ]
    return flowing(items, width)


def account_lines(snapshot: RunSnapshot, width: int, most: int) -> list[Text]:
    """Return what the account is worth and how it got there, on `most` lines, and why it waits."""
    lines = flowing(list(_account(snapshot)), width)[:most]
    if snapshot.ledger.paused:
        lines.append(cut(f"no new positions: {snapshot.ledger.paused}", width, "yellow"))
    if snapshot.problem:
        lines.append(cut(f"not trading: {snapshot.problem}", width, "bold red"))
    return lines


def scanner_lines(snapshot: RunSnapshot, width: int, most: int) -> list[Text]:
    """Return how the scanner gets on and what it costs, on `most` lines, and what went wrong."""
    items = [*_scanner(snapshot.scanner, snapshot.at), _weight(snapshot)]
    lines = flowing(items, width)[:most]
    if snapshot.waits_for:
        lines.append(cut(snapshot.waits_for, width, "yellow"))
    if snapshot.scanner.error:
        lines.append(cut(f"the last scan failed: {snapshot.scanner.error}", width, "red"))
    lines.extend(cut(notice, width, "yellow") for notice in snapshot.scanner.notices)
    return lines


def event_lines(snapshot: RunSnapshot, width: int) -> list[Text]:
    """Return a title and the last events, the newest last, as far as each fits on a line."""
    lines = [_event_line(event, snapshot, width) for event in snapshot.recent]
    shown = [line for line in lines if line]
    return [cut("last events", width, "bold"), *shown] if shown else []


def _account(snapshot: RunSnapshot) -> Iterator[Text]:
    ledger, equity = snapshot.ledger, snapshot.equity
    yield _item("equity", money(equity), "bold")
    yield _item("cash", money(ledger.cash))
    yield _item("realised", signed(ledger.realised), sign_style(ledger.realised))
    yield _item("open", signed(snapshot.open_profit), sign_style(snapshot.open_profit))
    yield _item("drawdown", percent(snapshot.drawdown))
    yield _item("today", _today(snapshot), sign_style(snapshot.today))
    yield _item("trades", str(len(ledger.closed)))
    if ledger.closed:
        won = sum(trade.is_won for trade in ledger.closed)
        yield _item("won", f"{100 * won / len(ledger.closed):.0f}%")


def _today(snapshot: RunSnapshot) -> str:
    began = snapshot.equity - snapshot.today
    part = f" ({change(float(snapshot.today / began))})" if began else ""
    return f"{signed(snapshot.today)}{part}"


def _scanner(scanner: ScannerView, now: int) -> Iterator[Text]:
    yield _item("scanner", harmless(scanner.state))
    if not scanner.scans:
        return
    age = now - scanner.published_at
    yield _item("as of", time_text(scanner.as_of) if scanner.as_of else "no candle")
    yield _item("age", span(age), "yellow" if age > LATE else "")
    yield _item("opportunities", f"{scanner.open_to_trade:,}")
    yield _item("scans", f"{scanner.scans:,}")
    yield _item("took", f"{scanner.seconds:.2f}s")
    yield _item("symbols", f"{scanner.symbols:,}")


def _weight(snapshot: RunSnapshot) -> Text:
    used, limit = snapshot.weight_used, snapshot.weight_limit
    of = f" of {limit:,} a minute" if limit else ""
    return _item("weight", f"{used:,}{of}", "yellow" if limit and used > _HEAVY * limit else "")


def _event_line(event: Event, snapshot: RunSnapshot, width: int) -> Text:
    words = event_words(event, snapshot.ledger)
    if not words:
        return Text()
    line = Text.assemble(
        (f"{day_text(event.at, seconds=True)} ", "dim"),
        (words[0][:VERB], _event_style(event, snapshot)),
        words[0][VERB:],
    )
    for word in words[1:]:
        if line.cell_len + cell_len(word) > width:
            break
        line.append(word)
    return line


def _event_style(event: Event, snapshot: RunSnapshot) -> str:
    match event:
        case Entered():
            return side_style(event.fill.side)
        case Exited():
            return sign_style(exit_profit(event, snapshot.ledger))
        case Paused(reason=reason) if reason:
            return "yellow"
        case _:
            return ""


def _item(label: str, value: str, style: str = "") -> Text:
    return Text.assemble((f"{label} ", "dim"), (value, style))
