"""Write the table of faults into docs/exchange.md, from the kinds that the exchange knows.

python docs/faults.py
"""

from __future__ import annotations

import re
from pathlib import Path

from divbot.exchange.faults.kinds import KINDS, FaultKind

PAGE = Path(__file__).with_name("exchange.md")
_TABLE = re.compile(r"(?<=<!-- Made by docs/faults.py. -->\n).*?(?=\n\n|\Z)", re.S)


def page_text() -> str:
    """Return the page with the table as it is now."""
    lines = ["| fault | acts on | what is met | seconds |", "|---|---|---|---|"]
    table = "\n".join([*lines, *map(_row, KINDS.values())])
    return _TABLE.sub(lambda _: table, PAGE.read_text("utf-8"))


def _row(kind: FaultKind) -> str:
    only = f"; only {', '.join(f'`{x}`' for x in kind.meets)}" if kind.meets else ""
    seconds = f"{kind.seconds:g}" if kind.seconds else ""
    return f"| `{kind.name}` | {kind.stage.value} | {kind.meaning}{only} | {seconds} |"


if __name__ == "__main__":
    PAGE.write_text(page_text(), "utf-8")
