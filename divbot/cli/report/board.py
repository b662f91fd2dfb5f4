"""The files of the live page: the shell of `board.html`, and the style and scripts of all pages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from divbot.cli.report import meanings
from divbot.cli.report.page import filled, inert_json, packaged, plotly_script
from divbot.cli.report.table import head_markup
from divbot.extras import PLOTLY, how_to_install
from divbot.web.port import Asset, Assets

_CSS, _JS = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_PLOTLY = "/assets/plotly.js"
_OPPORTUNITIES = (
    # A phone shows the first few.
    *("symbol", "interval", "signal", "score", "conf.", "exp. R", "cases", "R/R", "kind", "stop %"),
    *("price", "stop", "target", "RSI", "ATR %", "age", "confirmed", "higher"),
)
_POSITIONS = (
    *("symbol", "side", "profit", "R", "price", "entry", "stop", "target", "quantity", "held"),
    *("opened", "kind"),
)
_TRADES = ("#", "symbol", "side", "profit", "R", "reason", "entry", "exit", "opened", "closed")
_ALERTS = ("found", "symbol", "interval", "signal", "kind", "delivery", "of")
_RUNS = ("run", "prices", "interval", "since", "until", "trades", "equity", "program")
_SWEEPS = ("#", "when", "by", "market", "interval", "days", "settings", "holdout", "verdict")
_WORDS = {
    *(
        "symbol",
        "interval",
        "signal",
        "side",
        "kind",
        "confirmed",
        "higher",
        "opened",
        "closed",
        "reason",
    ),
    *("found", "delivery", "of"),
    *("run", "prices", "since", "until", "program"),
    *("when", "by", "market", "days", "holdout", "verdict"),
}


def board_files() -> tuple[Assets, Mapping[str, str]]:
    """Return the files by path, and what cannot be had here with what to do about it."""
    files = {
        "/": Asset(_HTML, lambda: board_page().encode()),
        "/assets/page.css": _packaged(_CSS, "page.css"),
        "/assets/board.css": _packaged(_CSS, "board.css"),
        "/assets/plotly.css": _packaged(_CSS, "plotly.css"),
        "/assets/page.js": _packaged(_JS, "page.js"),
        "/assets/candles.js": _packaged(_JS, "candles.js"),
        "/assets/board.js": _packaged(_JS, "board.js"),
    }
    if find_spec("plotly") is None:
        how = how_to_install(PLOTLY)
        return files, {_PLOTLY: f"charts are drawn with plotly, which is not installed; run: {how}"}
    return files | {_PLOTLY: Asset(_JS, lambda: plotly_script("a chart").encode())}, {}


def board_page() -> str:
    """Return the shell, which is the same for everybody and tells nothing of a run."""
    tables = {
        "opportunities": (_OPPORTUNITIES, {**meanings.BOARD, **meanings.OPPORTUNITY}),
        "positions": (_POSITIONS, meanings.TRADE),
        "trades": (_TRADES, meanings.TRADE),
        "alerts": (_ALERTS, {**meanings.OPPORTUNITY, **meanings.BOARD}),
        "runs": (_RUNS, meanings.BOARD),
        "sweeps": (_SWEEPS, meanings.BOARD),
    }
    heads = {
        name: "".join(head_markup(x, _kind(x), told) for x in titles)
        for name, (titles, told) in tables.items()
    }
    columns = {name: list(titles) for name, (titles, _) in tables.items()}
    data = {"series": [], "shown": [], "columns": columns}
    return filled(
        packaged("board.html"), {**heads, "key": packaged("key.html"), "data": inert_json(data)}
    )


def _packaged(content_type: str, name: str) -> Asset:
    return Asset(content_type, lambda: packaged(name).encode())


def _kind(title: str) -> str:
    return "word" if title in _WORDS else "number"
