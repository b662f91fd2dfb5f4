"""Names of things, as a reader is told them."""

from __future__ import annotations


def words(name: str) -> str:
    """Return a name of the code, such as `trailing_stop`, in words."""
    return name.replace("_", " ")


def counted(count: int, name: str = "symbol") -> str:
    """Return how many there are of something: 1 symbol, 1,200 symbols."""
    return f"{count:,} {name}" + "s" * (count != 1)
