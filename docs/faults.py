"""Write the tables of faults and defects into docs/exchange.md, from what the exchange knows.

python docs/faults.py
"""

from __future__ import annotations

import re
from pathlib import Path

from divbot.exchange.archive.defect_kinds import DEFECTS
from divbot.exchange.faults.kinds import KINDS, FaultKind

PAGE = Path(__file__).with_name("exchange.md")
_TABLE = re.compile(r"(?<=<!-- Made by docs/faults.py. -->\n).*?(?=\n\n|\Z)", re.S)


def page_text() -> str:
    """Return the page with the tables as they are now."""
    tables = iter((_faults(), _defects()))
    return _TABLE.sub(lambda _: "\n".join(next(tables)), PAGE.read_text("utf-8"))


def _faults() -> list[str]:
    head = ["| fault | acts on | what is met | seconds |", "|---|---|---|---|"]
    return [*head, *map(_fault, KINDS.values())]


def _defects() -> list[str]:
    head = ["| kind | what is wrong |", "|---|---|"]
    return [*head, *(f"| `{kind.name}` | {kind.meaning} |" for kind in DEFECTS.values())]


def _fault(kind: FaultKind) -> str:
    only = f"; only {', '.join(f'`{x}`' for x in kind.meets)}" if kind.meets else ""
    seconds = f"{kind.seconds:g}" if kind.seconds else ""
    return f"| `{kind.name}` | {kind.stage.value} | {kind.meaning}{only} | {seconds} |"


if __name__ == "__main__":
    PAGE.write_text(page_text(), "utf-8")
