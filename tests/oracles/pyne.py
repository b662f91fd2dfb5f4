"""Ask PyneCore, a Pine Script runtime, what a TradingView chart shows on given candles.

`rsi_divergence.py` beside this file is the question, in Pine; this module only feeds it candles
and collects the answers, with no arithmetic of its own.

PyneCore keeps to itself here:

- It is imported at the first question, and its import hook, which would load every later module
  of the process, is confined to its own modules.
- Candles go in and answers come out in memory as 64-bit floats; its rounding of input is off.
- Its state is module-wide, so questions take turns.

Pine itself takes floats that differ by no more than 1e-10 for equal, in every comparison a script
writes, but not in its own `ta.pivotlow` and `ta.pivothigh`.
"""

import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from math import isnan
from pathlib import Path
from threading import Lock
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SCRIPT = Path(__file__).with_name("rsi_divergence.py")
_PIVOT_OF_KIND = {
    "hidden_bearish": "high_pivot",
    "hidden_bullish": "low_pivot",
    "regular_bearish": "high_pivot",
    "regular_bullish": "low_pivot",
}
_FIRST_OPEN_TIME = 1_577_836_800_000
_FIVE_MINUTES = 300_000
_SAVE_SETTINGS = "PYNE_SAVE_SCRIPT_TOML"

# Guards PyneCore's module-wide state, the process environment and sys.meta_path.
_taking_turns = Lock()


@dataclass(frozen=True, slots=True)
class PyneAnswer:
    """Hold what Pine says about the candles of one symbol; bars are numbered from 0.

    `rsi` and `atr` have one value per bar, NaN in the warm-up. Pivots are the bars of the extremes
    themselves. A divergence is (kind, bar of the previous pivot, bar of the pivot, confirming bar),
    in order of confirming bar and kind.
    """

    rsi: NDArray[np.float64]
    atr: NDArray[np.float64]
    low_pivots: tuple[int, ...]
    high_pivots: tuple[int, ...]
    divergences: tuple[tuple[str, int, int, int], ...]


def ask(
    open: ArrayLike,
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    volume: ArrayLike | None = None,
    open_time: ArrayLike | None = None,
    inputs: Mapping[str, int] = MappingProxyType({}),
) -> PyneAnswer:
    """Answer for the candles of one symbol, oldest first.

    `inputs` are those of the script's `main`, by name. `open_time` is in milliseconds; it and
    `volume` reach Pine, but no answer depends on them.
    Raises ValueError where the arrays differ in length or hold anything that is not finite.
    """
    bars = np.size(close)
    prices = [
        _column(name, values, bars)
        for name, values in (("open", open), ("high", high), ("low", low), ("close", close))
    ]
    volumes = _column("volume", np.zeros(bars) if volume is None else volume, bars)
    times = _column("open_time", _regular_times(bars) if open_time is None else open_time, bars)
    with _taking_turns, _settings_file_unwritten():
        return _collect(_run(inputs, [int(time) for time in times], *prices, volumes))


def _column(name: str, values: ArrayLike, bars: int) -> list[float]:
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (bars,):
        raise ValueError(f"{name}: expected shape ({bars},) as close has, found {column.shape}")
    if not np.isfinite(column).all():
        bar = int(np.flatnonzero(~np.isfinite(column))[0])
        raise ValueError(f"{name}: expected finite values, found {column[bar]} at bar {bar}")
    return [float(value) for value in column]


def _regular_times(bars: int) -> NDArray[np.int64]:
    return _FIRST_OPEN_TIME + _FIVE_MINUTES * np.arange(bars, dtype=np.int64)


def _run(
    inputs: Mapping[str, int], times: Sequence[int], *columns: Sequence[float]
) -> Iterator[Mapping[str, float]]:
    """Yield what the script says at each bar; the mapping is only good until the next bar."""
    pyne = _pynecore()
    candles = [pyne.OHLCV(*fields) for fields in zip(times, *columns, strict=True)]
    # Without both flags the runner rounds its input to repair float32 files.
    runner = pyne.ScriptRunner(
        *(_SCRIPT, candles, pyne.symbol),
        inputs=dict(inputs),
        lossless_prices=True,
        lossless_volume=True,
    )
    for _, said in runner.run_iter(copy_results=False):
        yield said


def _collect(bars: Iterator[Mapping[str, float]]) -> PyneAnswer:
    rsi: list[float] = []
    atr: list[float] = []
    pivots: dict[str, list[int]] = {"low_pivot": [], "high_pivot": []}
    divergences: list[tuple[str, int, int, int]] = []
    for bar, said in enumerate(bars):
        rsi.append(said["rsi"])
        atr.append(said["atr"])
        for side, found in pivots.items():
            if not isnan(said[side]):
                found.append(int(said[side]))
        divergences += [
            (kind, int(said[kind]), int(said[pivot]), bar)
            for kind, pivot in _PIVOT_OF_KIND.items()
            if not isnan(said[kind])
        ]
    return PyneAnswer(
        rsi=np.array(rsi, dtype=np.float64),
        atr=np.array(atr, dtype=np.float64),
        low_pivots=tuple(pivots["low_pivot"]),
        high_pivots=tuple(pivots["high_pivot"]),
        divergences=tuple(divergences),
    )


@contextmanager
def _settings_file_unwritten() -> Iterator[None]:
    """Keep PyneCore from writing a settings file beside the script."""
    before = os.environ.get(_SAVE_SETTINGS)
    os.environ[_SAVE_SETTINGS] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAVE_SETTINGS]
        else:
            os.environ[_SAVE_SETTINGS] = before


@dataclass(frozen=True, slots=True)
class _PyneCore:
    # PyneCore ships no types.
    ScriptRunner: Any
    OHLCV: Any
    symbol: Any


@cache
def _pynecore() -> _PyneCore:
    try:
        runner = importlib.import_module("pynecore.core.script_runner")
        ohlcv = importlib.import_module("pynecore.types.ohlcv")
        syminfo = importlib.import_module("pynecore.core.syminfo")
    finally:
        _confine_import_hook()
    return _PyneCore(runner.ScriptRunner, ohlcv.OHLCV, _any_symbol(syminfo))


def _any_symbol(syminfo: ModuleType) -> object:
    """Describe a symbol to PyneCore; no answer depends on what it says."""
    return syminfo.SymInfo(
        prefix="BINANCE",
        description="",
        ticker="ANY",
        currency="USDT",
        period="5",
        type="crypto",
        mintick=1e-8,
        pricescale=100_000_000,
        pointvalue=1.0,
        mincontract=1e-8,
        opening_hours=[],
        session_starts=[],
        session_ends=[],
    )


class _PyneCoreOnly:
    """Let PyneCore's import hook load PyneCore's own modules and no others.

    Unconfined it stands before Python's finders and takes a `.py` where an extension module of the
    same name should win.
    """

    def __init__(self, hook: Any) -> None:
        self._hook = hook

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "pynecore":
            return None
        spec: ModuleSpec | None = self._hook.find_spec(fullname, path, target)
        return spec


def _confine_import_hook() -> None:
    for place, finder in enumerate(sys.meta_path):
        if type(finder).__module__ == "pynecore.core.import_hook":
            sys.meta_path[place] = _PyneCoreOnly(finder)
