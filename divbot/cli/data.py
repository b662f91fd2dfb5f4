"""`divbot data`: the store of candles; fill it, look at it, keep it whole."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

import typer

from divbot.cli import flags
from divbot.cli.command import PARTIAL
from divbot.domain.bounds import Bounds
from divbot.domain.errors import InputError, StoreError
from divbot.domain.market import Interval, Market
from divbot.domain.values import Choice, Several
from divbot.history.kind import StoredKind

if TYPE_CHECKING:
    from divbot.domain.timerange import TimeRange
    from divbot.history.download import DownloadStages
    from divbot.history.shelf import Shelf
    from divbot.history.spans import Span
    from divbot.history.store import Store
    from divbot.settings import Settings

data = typer.Typer(
    name="data",
    help="Keep the history of markets on disk.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

_SUPPLY = ("market", "symbols", "store", "base_url", "archive_url", "archive_listing_url")


class _Several(Several[Interval]):
    metavar: ClassVar[str | None] = "5m,1h"


_INTERVALS = _Several("intervals such as 5m,1h", Choice(Interval).read, tuple(Interval))
_KINDS = Choice(StoredKind)
_EVER = 1 << 62
Intervals: TypeAlias = Annotated[
    # What is read is a tuple of intervals; typer would take one for a flag of several values.
    Any,
    flags.option("--interval", _INTERVALS, "Lengths of candles.", "-i", show_default=False),
]

Kinds: TypeAlias = Annotated[
    Any,
    flags.option(
        "--kind", _KINDS, "klines, mark (price) or funding; by default all.", show_default=False
    ),
]


@data.command("list")
@flags.settings("market", "symbols", "store")
def list_(*, given: flags.Given, intervals: Intervals = None, as_json: flags.Json = False) -> int:
    """List what the store holds: market, interval, symbols, range, holes and bytes.

    With --symbols one by one, each hole in its own line; else all symbols of an interval together.
    """
    from divbot.app.stores import chosen_shelves, open_store
    from divbot.cli.data_text import held_document, held_text, shelf_text
    from divbot.cli.destination import Destination, json_bytes
    from divbot.history.inventory import held

    settings = given.load()
    stores = {market: open_store(settings, market) for market in _markets(given, settings)}
    shelves = chosen_shelves([*stores.values()], intervals or (), settings.symbols)
    found = [held(stores[shelf.market], shelf) for shelf in shelves]
    out, (first, *_) = Destination(None), stores.values()
    if as_json:
        out.write(json_bytes(held_document(first, found)))
    else:
        text = shelf_text if settings.symbols else held_text
        out.write(text(first, found, out.fit))
    damaged = [problem for x in found for problem in x.damaged]
    _notice(*damaged)
    return StoreError.exit_code if damaged else 0


def _markets(given: flags.Given, settings: Settings) -> tuple[Market, ...]:
    """Return the market that a flag names, or else all."""
    return (settings.market,) if given.settings["market"] else tuple(Market)


@data.command()
@flags.settings(*_SUPPLY, "top")
def download(
    *,
    given: flags.Given,
    intervals: Intervals = None,
    with_all: Annotated[
        bool, typer.Option("--all", help="All symbols quoted in USDT, those of the archive too.")
    ] = False,
    with_dead: Annotated[
        bool,
        typer.Option(
            "--dead/--no-dead", help="With --all and --top: symbols that are traded no more, too."
        ),
    ] = True,
    timerange: flags.Timerange = None,
    days: Annotated[
        int | None,
        flags.option(
            "--days", Bounds(int, 1, 10_000), "The last so many days. [365]", show_default=False
        ),
    ] = None,
    mark: Annotated[
        bool, typer.Option("--mark", help="On futures: 1m candles of the mark price, too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many files and bytes it would be.")
    ] = False,
    allow_holes: Annotated[
        bool,
        typer.Option(
            "--allow-holes", help="Do not end with 4 where candles or funding are missing."
        ),
    ] = False,
    as_json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> int:
    """Fetch candles and, on futures, funding: from Binance's archive, the newest by REST.

    Of the symbols named, of all, or of those that were among the most traded on some day of the
    range (--top; to know, daily candles of all are fetched first). What is there already is not
    fetched again; what was replaced since, is. Ends with 4 where some are missing in the end.
    """
    from divbot.app.download import Wish, check_intervals, open_supply, plan_of, span_of
    from divbot.app.stores import open_store
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.download_text import document, plan_lines, problem_lines, result_lines

    if timerange is not None and days is not None:
        raise InputError("--timerange and --days exclude each other: give one of them")
    settings = given.load()
    _check_choice(given, with_all=with_all)
    check_intervals(settings.market, intervals or ())
    store = open_store(settings)
    out = Destination(None)
    with (
        open_supply(settings, store) as supply,
        nullcontext() if dry_run else store.locked(is_simulated=supply.venue.simulated),
        _progress(quiet=quiet) as progress,
    ):
        wish = Wish(
            symbols=() if with_all else settings.symbols,
            top=None if with_all or settings.symbols else settings.top,
            intervals=intervals or (settings.interval,),
            span=span_of(timerange, days, supply.now),
            with_dead=with_dead,
            with_marks=mark,
        )
        _notice(supply.problem, quiet=quiet)
        downloader = supply.downloader(progress)
        plan = plan_of(supply, wish, downloader, is_dry=dry_run)
        if not dry_run:
            _notice(*plan_lines(plan), quiet=quiet)
            outcome = downloader.run(plan.jobs, plan.ranked)
            holes = [*plan.failed, *supply.holes(plan.shelves, wish.span)]
    if dry_run:
        if as_json:
            out.write(json_bytes(document(store, plan)))
        else:
            out.write("".join(f"{line}\n" for line in plan_lines(plan)))
        return PARTIAL if plan.failed else 0
    if as_json:
        out.write(json_bytes(document(store, plan, outcome, holes)))
    else:
        _notice(*problem_lines(outcome), quiet=quiet)
        out.write("".join(f"{line}\n" for line in result_lines(store, outcome, holes)))
    return PARTIAL if holes and not allow_holes else 0


def _check_choice(given: flags.Given, *, with_all: bool) -> None:
    named = [f"--{x}" for x in ("symbols", "top") if given.settings[x]] + ["--all"] * with_all
    if len(named) > 1:
        raise InputError(f"{' and '.join(named)} exclude each other: give one of them")


def _progress(*, quiet: bool) -> AbstractContextManager[DownloadStages]:
    """Return a progress bar where somebody looks, else what shows nothing."""
    if quiet or not sys.stderr.isatty():
        from divbot.history.download import DownloadStages

        return nullcontext(DownloadStages())
    from divbot.cli.download_progress import DownloadProgress

    return DownloadProgress()


def _notice(*messages: str, quiet: bool = False) -> None:
    for message in messages:
        if message and not quiet:
            print(f"divbot: {message}", file=sys.stderr)


def _span(timerange: TimeRange | None) -> Span:
    """Return it with ends; without a range, all time."""
    from divbot.history.spans import Span

    start, end = timerange or (None, None)
    return Span(start or 0, _EVER if end is None else end)


@data.command("import")
@flags.settings("market", "store")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="Candles: a parquet or CSV file, or a folder of zips of Binance's archive; or "
            "funding rates: a table with symbol, time (ms UTC) and rate."
        ),
    ],
    *,
    given: flags.Given,
    interval: Annotated[
        Interval | None,
        flags.option(
            "--interval", Choice(Interval), "Length of a candle. [as the times tell]", "-i"
        ),
    ] = None,
) -> None:
    """Put recorded candles, whatever --recorded takes, or funding rates into the store.

    Candles that are there at the same time are replaced; what only those told, such as quote volume
    and trades, stays where prices and volume are the same.
    """
    from divbot.app.stores import open_store
    from divbot.domain.names import counted
    from divbot.history.imports import import_any, says_simulated

    store = open_store(given.load())
    is_simulated = says_simulated(file)
    store.expect(is_simulated=is_simulated)
    # A file that does not say so is no exchange's: it leaves open what else the store may hold.
    with store.locked(is_simulated=is_simulated or None):
        found = import_any(store, file, interval)
    for problem in found.skipped:
        _notice(f"left aside: {problem}")
    for what, rows in found.rows.items():
        _notice(
            f"{file}: {rows:,} {what} of {counted(len(found.symbols))} are in the store of "
            f"{store.market.title} ({store.root})"
        )


@data.command()
@flags.settings(*_SUPPLY)
def verify(
    *,
    given: flags.Given,
    intervals: Intervals = None,
    is_local: Annotated[
        bool, typer.Option("--local", help="Only hash what is there; ask no archive.")
    ] = False,
    quiet: flags.Quiet = False,
) -> int:
    """Hash every file again, list the archive again, fetch what is damaged or was replaced.

    Of every market, unless --market names one. A damaged file is put aside, into .divbot-damaged,
    until it is there again. Ends with 4 where one is not.
    """
    from divbot.app.stores import chosen_shelves, open_store
    from divbot.cli.data_text import nothing_text

    settings = given.load()
    codes = []
    for market in _markets(given, settings):
        store = open_store(settings, market)
        stores = [store, store.damaged]
        shelves = list(dict.fromkeys(chosen_shelves(stores, intervals or (), settings.symbols)))
        if shelves:
            own = settings.model_copy(update={"market": market})
            codes.append(_verify(own, store, shelves, is_local=is_local, quiet=quiet))
    if not codes:
        print(nothing_text(open_store(settings)), end="")
    return max(codes, default=0)


def _verify(
    settings: Settings, store: Store, shelves: Sequence[Shelf], *, is_local: bool, quiet: bool
) -> int:
    """Verify what one market has on some shelves; return the exit code."""
    from divbot.app.download import open_supply
    from divbot.cli.download_text import problem_lines
    from divbot.domain.names import counted
    from divbot.history.verification import checked, drop_aside, lost, mended

    # To hash takes no more than to read: a folder may be read-only, or written to meanwhile.
    with nullcontext() if is_local else store.locked():
        found = list(checked(store, shelves))
        damaged = [*(x for x in found if x.problem), *lost(store, shelves)]
        _notice(*(x.problem for x in damaged))
        print(f"{counted(len(found), 'file')} hashed, {len(damaged):,} damaged")
        if is_local:
            return StoreError.exit_code if damaged else 0
        with open_supply(settings, store) as supply, _progress(quiet=quiet) as progress:
            _notice(supply.problem, quiet=quiet)
            downloader = supply.downloader(progress)
            jobs, failed = mended(store, downloader, shelves, damaged)
            outcome = downloader.run(jobs)
        _notice(*problem_lines(outcome), *(f"{x.shelf}: {x.reason}" for x in failed), quiet=quiet)
        for each in damaged:
            drop_aside(store, each.path)
        left = [x for x in damaged if not x.path.exists()]
    print(f"{counted(outcome.files, 'file')} fetched again: damaged here, or replaced there")
    for each in left:
        print(f"not to be had again: {each.path}, now {store.aside(each.path)}; import it anew")
    return PARTIAL if left or failed else 0


@data.command()
@flags.settings("market", "symbols", "store")
def prune(
    *,
    given: flags.Given,
    intervals: Intervals = None,
    kind: Kinds = None,
    timerange: flags.Timerange = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be removed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove candles from the store: of some intervals, symbols or months.

    With --timerange, months that lie in it whole.
    """
    from divbot.app.stores import chosen_shelves, open_store
    from divbot.cli.data_text import size_text
    from divbot.domain.names import counted
    from divbot.history.spans import month_name

    settings = given.load()
    if not (intervals or kind or timerange or settings.symbols):
        raise InputError("say what to remove: --interval, --kind, --symbols or --timerange")
    store = open_store(settings)
    wanted = _span(timerange)
    shelves = chosen_shelves([store], intervals or (), settings.symbols, kind)
    found = [
        (shelf, path, month, month.within(wanted))
        for shelf in shelves
        for month, path in shelf.months(store.root)
    ]
    files = [(shelf, path) for shelf, path, month, part in found if part == month]
    halves = {month_name(x) for *_, x, part in found if part != x and part.start < part.end}
    if halves:
        _notice(f"{', '.join(sorted(halves))}: only a part lies in the range, so all of it stays")
    size = size_text(sum(path.stat().st_size for _, path in files))
    what = f"{counted(len(files), 'file')} of {size} in {store.root}"
    if not files:
        print(f"nothing to remove: {store.root} holds no whole month of that")
        return
    if dry_run:
        print(f"{what} would be removed")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise InputError(f"removing {what} is for good: add --yes")
        if not typer.confirm(f"remove {what} for good?", err=True):
            return
    with store.locked():
        for shelf, path in files:
            store.remove(shelf, path)
    _notice(f"{what} removed")


@data.command()
@flags.settings("market", "symbols", "store")
def export(
    folder: Annotated[Path, typer.Argument(help="Where to: a folder.", file_okay=False)],
    *,
    given: flags.Given,
    layout: Annotated[
        str,
        typer.Option(
            "--format",
            help="freqtrade-feather, freqtrade-parquet, or csv (for backtesting.py, vectorbt ...).",
        ),
    ] = "freqtrade-feather",
    intervals: Intervals = None,
    timerange: flags.Timerange = None,
) -> int:
    """Write what the store holds for other programs: in freqtrade's layout, or as CSV files.

    Existing files of the same names are replaced. pandas, polars and DuckDB read the store itself.
    """
    from divbot.app.stores import chosen_shelves, open_store
    from divbot.domain.errors import OutputError
    from divbot.domain.names import counted
    from divbot.files import why_unwritable
    from divbot.history.exports import Layout, export

    try:
        chosen = Choice(Layout).read(layout)
    except ValueError as error:
        raise InputError(f"--format: {error}") from None
    settings = given.load()
    store = open_store(settings)
    span = _span(timerange)
    shelves = chosen_shelves([store], intervals or (), settings.symbols)
    try:
        written = list(export(store, shelves, span, folder, chosen))
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written: {why_unwritable(error)}, or name another folder; no "
            "file in it is half written"
        ) from error
    if not written:
        raise InputError(
            f"{store.root}: expected candles of {store.market.title} and of these flags to "
            "export, found none; `divbot data list` shows what there is"
        )
    nameless = [str(shelf) for shelf, path in written if path is None]
    for each in nameless:
        _notice(f"left out: {each}: freqtrade has no name for it")
    _notice(f"{folder}: {counted(len(written) - len(nameless), 'file')} written")
    return PARTIAL if nameless else 0
