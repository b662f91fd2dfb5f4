"""Names of the code, as a reader is told them."""

from __future__ import annotations


def words(name: str) -> str:
    """Return a name of the code, such as `trailing_stop`, in words."""
    return name.replace("_", " ")
