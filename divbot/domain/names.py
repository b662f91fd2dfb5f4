"""Names of things, as a reader is told them."""

from __future__ import annotations


def words(name: str) -> str:
    """Return a name of the code, such as `trailing_stop`, in words."""
    return name.replace("_", " ")


def counted(count: int, name: str = "symbol") -> str:
    """Return how many there are of something: 1 symbol, 1,200 symbols."""
    return f"{count:,} {name}" + "s" * (count != 1)


def candles_ago(age: int) -> str:
    """Return how long ago something was confirmed, by the candles that have closed since."""
    return f"{counted(age, 'candle')} ago" if age else "just now"
