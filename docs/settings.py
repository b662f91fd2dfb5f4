"""Write config.example.toml and docs/settings.md from the table of settings.

python docs/settings.py
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from divbot.domain.bounds import decimal_in
from divbot.setting_table import ENVIRONMENT_PREFIX, GROUPS, Scope, Setting

PROJECT = Path(__file__).parents[1]
_COLUMN = 32
_WIDTH = 100
_HEAD = """\
# divbot reads this file when it is named divbot.toml and lies in the folder where divbot is
# started, or when --config FILE or DIVBOT_CONFIG names it. Every key here is also an environment
# variable (DIVBOT_TOP) and a flag (--top); a flag beats a variable beats this file.
# Values are the defaults; a line that begins with # shows a setting that has none. A time has its
# unit (ms, s, m, h or d); a part is written as 0.5% or 0.005. Made by docs/settings.py.
"""
_INTRODUCTION = f"""\
# Settings

<!-- Made by docs/settings.py of the table in divbot/setting_table.py. -->

By file (`divbot.toml` in the current folder, or `--config FILE`; start from
[config.example.toml](../config.example.toml)), by environment variable
(`{ENVIRONMENT_PREFIX}TOP=50`), by flag (`--top 50`), or from Python (`divbot.scan(top=50)`). A
flag beats a variable beats the file. An unknown key is an error, and so is a flag that is given
twice, or a value out of its range, which the error names. Every setting is a flag of `divbot scan`,
`divbot paper` or `divbot watch`, with dashes for underscores: `--stop-atr 1`,
`--no-exit-on-opposite`; but one that holds a secret is none, as anybody on the machine can read a
command line. Other commands have the flags that they are asked for most; the rest is set by file or
variable.

A time is written with its unit: `500ms`, `5s`, `60m`, `2h`, `10d`; only 0 needs none, and from
Python it may be a `timedelta`. A part of money or of a price is written as `0.5%` or as `0.005`.
"""
_STARRED = f"""
A paper run keeps what is marked *start*: another value needs a new run. What is marked *machine*
changes {Scope.MACHINE.value}: it is no change of a run.
"""


def example_text() -> str:
    """Return config.example.toml."""
    return _HEAD + "".join(
        f"\n# {_heading(group)}\n" + "".join(_lines(name, x) for name, x in rows.items())
        for group, rows in GROUPS.items()
    )


def page_text() -> str:
    """Return docs/settings.md."""
    tables = (
        f"\n## {_heading(group)}\n\n| setting | default | values | meaning |\n|---|---|---|---|\n"
        + "".join(_row(name, x) for name, x in rows.items())
        for group, rows in GROUPS.items()
    )
    return _INTRODUCTION + _STARRED + "".join(tables)


def _heading(group: type) -> str:
    return (group.__doc__ or "").rstrip(".")


def _lines(name: str, row: Setting) -> str:
    line = f"{name} = {_toml(row.default)}" if row.default else f"# {name} = {_toml(row.example)}"
    first, *others = textwrap.wrap(row.help.replace("`", ""), _WIDTH - _COLUMN - 2)
    more = "".join(f"{'':{_COLUMN}}# {text}\n" for text in others)
    return f"{line:{_COLUMN - 2}}  # {first}\n{more}"


def _toml(text: str) -> str:
    is_bare = text in ("true", "false") or decimal_in(text) is not None
    return text if is_bare else f'"{text}"'


def _row(name: str, row: Setting) -> str:
    default = f"`{row.default}`" if row.default else ""
    values = str(row.reader).replace("*", r"\*")
    scope = "" if row.scope is Scope.TRADING else f" (*{row.scope.name.lower()}*)"
    return f"| `{name}` | {default} | {values} | {row.help}{scope} |\n"


if __name__ == "__main__":
    (PROJECT / "config.example.toml").write_text(example_text(), "utf-8")
    (PROJECT / "docs" / "settings.md").write_text(page_text(), "utf-8")
