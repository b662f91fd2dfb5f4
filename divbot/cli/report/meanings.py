"""What each column of a page's tables means, by its title: shown to whoever points at it."""

from __future__ import annotations

from collections.abc import Mapping

_CHARTS = {"charts": "The chart of the real market at TradingView and at Binance."}

OPPORTUNITY: Mapping[str, str] = _CHARTS | {
    "#": "Rank by score.",
    "symbol": "What is traded; leads to its chart below.",
    "signal": "What to do: BUY is long, SELL is short; * marks a symbol that is both.",
    "kind": "The divergence that says so: regular against the move, hidden along with it.",
    "score": "How much speaks for it, 0 to 10.",
    "conf.": "How likely the target is reached before the stop and within the horizon.",
    "exp. R": "What such a trade brings on average, as a multiple of the loss at the stop.",
    "RSI": "RSI at the previous pivot and at the pivot.",
    "price": "Close of the newest final candle.",
    "ATR %": "Average true range, in per cent of the price.",
    "stop": "Where the trade is given up.",
    "stop %": "How far the stop is from the price, in per cent.",
    "target": "Where the gain is taken.",
    "R/R": "Reward to risk: what is to be won over what is to be lost, from the price.",
    "age": "Candles closed since the confirmation; 0 is just now.",
    "confirmed": "When the pivot became known, UTC.",
}
TRADE: Mapping[str, str] = _CHARTS | {
    "#": "Number of the trade in this run.",
    "symbol": "What was traded.",
    "side": "BUY is long, SELL is short.",
    "kind": "The divergence that it was opened for.",
    "opened": "When it was entered, UTC.",
    "closed": "When it ended, UTC; empty while it is open.",
    "held": "From entry to exit.",
    "quantity": "What was held, in the base asset.",
    "entry": "Price of the entry, spread and slippage included.",
    "exit": "Price of the exit, spread and slippage included.",
    "stop": "Where the stop was last.",
    "target": "Where the gain is taken.",
    "reason": "Why it ended.",
    "fees": "Fees of entry and exit, in USDT.",
    "funding": "Funding received; below zero: paid.",
    "profit": "Net profit in USDT, after all costs.",
    "R": "Net profit as a multiple of the planned loss at the stop, costs and all.",
}
BREAKDOWN: Mapping[str, str] = {
    "symbol": "What was traded.",
    "kind": "The divergence that they were opened for.",
    "side": "BUY is long, SELL is short.",
    "reason": "Why they ended.",
    "hour": "The hour of the day in which they were opened, UTC.",
    "day": "The UTC day on which they were closed.",
    "week": "The week in which they were closed, by its Monday.",
    "month": "The month in which they were closed, UTC.",
    "held": "From entry to exit, on average.",
    "trades": "How many were closed.",
    "won %": "Part with a net profit above 0, in per cent.",
    "gross": "Profit before costs, in USDT.",
    "profit": "Net profit in USDT, after all costs.",
    "profit %": "Net profit in per cent of the balance that the run began with.",
    "factor": "Profit factor: all gains over all losses.",
    "avg R": "Mean net profit as a multiple of the planned loss at the stop, costs and all.",
    "fees": "Fees of entries and exits, in USDT.",
    "slippage": "Lost between the best price and the price that was got, in USDT.",
    "funding": "Funding received; below zero: paid.",
}
BIAS: Mapping[str, str] = {
    "then": "On the list of each moment: what was among the most traded then.",
    "now": "On the list of the end of the range, which nobody knew before.",
    "difference": "What hindsight adds.",
}
SWEEP: Mapping[str, str] = {
    "R a trade": "Net R a trade on development, after all costs; it flatters what stands on top.",
    "about 9 in 10": "An interval that held the truth in about 9 of 10 histories.",
    "trades": "Trades entered on development.",
    "runs": "Runs of days with a trade.",
    "t": "Mean over its standard error, from one run to the next.",
    "adjusted p": "How often the best of all settings does as well by luck.",
    "all signals": "Net R a trade where every signal is traded by itself.",
    "portfolio": "Net R a trade of those that an account entered.",
    "entered": "Trades that the account had room for.",
    "return": "Of the account, over development.",
    "drawdown": "The account's deepest fall, of its peak.",
}
BOARD: Mapping[str, str] = {
    "interval": "Length of a candle.",
    "higher": (
        "What longer intervals say of its symbol: the trend, and the last divergence with the "
        "candles since."
    ),
    "cases": "How many past divergences of its market and interval were counted.",
    "found": "When it was found, UTC.",
    "delivery": (
        "Told: every address has it, or there is none but the terminal. Held back: it waits for "
        "its pace, or for an address that takes none. Failed: an address refused it."
    ),
    "of": "Which watch or run it is of.",
    "run": "Name of the run; shows it.",
    "prices": "Live, simulated, or of the past.",
    "since": "When it began, UTC.",
    "until": "When something happened in it last, UTC.",
    "trades": "How many were closed.",
    "equity": "As it was valued last, in USDT.",
    "program": "Whether a program trades it now.",
    "#": "Number in the ledger of trials.",
    "when": "When it was tried, UTC.",
    "by": "What tried it: a sweep or a backtest.",
    "market": "Spot, or USD-M futures.",
    "days": "What it was tried on, holdout included.",
    "settings": "How many were tried.",
    "holdout": "Whether the days that were kept back are sealed still.",
    "verdict": "Whether the best is better than luck.",
}
