"""Why a request is not answered: a status, a word for programs, a sentence for people."""

from __future__ import annotations


class Denial(Exception):
    """A request that gets no answer but this; it may come from another process."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message

    def document(self) -> dict[str, str]:
        """Return what is sent."""
        return {"error": self.code, "message": self.message}
