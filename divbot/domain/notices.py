"""What is worth a line to whoever watches, though it is no event of the account."""

from __future__ import annotations

from typing import Protocol


class Tell(Protocol):
    """Hear of something; called from any thread."""

    def __call__(self, text: str, *, is_warning: bool = False) -> None:
        """Pass `text` on; a warning is something that a user may want to do something about."""
