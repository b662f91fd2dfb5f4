"""What a first start says while it compiles."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from divbot.cli import bar as module
from divbot.cli.compiling import is_compiled, tell_of_compiling
from divbot.cli.progress import ScanProgress
from divbot.cli.terminal import Terminal
from divbot.kernels import place
from divbot.kernels.place import Place

NOTICE = (
    "divbot: compiling for this machine, which usually takes 5 to 20 s; only the first start "
    "does so\n"
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(place, "place_of", lambda _: Place(tmp_path))
    return tmp_path


def test_a_first_start_says_what_it_waits_for_and_how_long(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_of_compiling()

    assert capsys.readouterr() == ("", NOTICE)


def test_the_readme_s_first_commands_install_what_a_scan_needs_and_then_what_tests_need() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")

    blocks = readme.split("```sh\n")[1:3]
    first, second = (block.partition("\n")[0] for block in blocks)

    assert first.split(" && ") == [
        "python3 -m venv .venv",
        ".venv/bin/pip install --editable .",
        ".venv/bin/divbot scan --demo",
    ]
    assert second.split(" && ") == [
        ".venv/bin/pip install --editable '.[test]'",
        ".venv/bin/python -m pytest",
    ]


def test_one_that_was_interrupted_compiles_on_and_says_so(cache: Path) -> None:
    (cache / "wilder._walk-24.py311.nbi").touch()

    assert not is_compiled()


def test_a_later_start_says_nothing(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("wilder", "pivots", "divergence"):
        (cache / f"{name}._walk-98.py311.nbi").touch()

    tell_of_compiling()

    assert capsys.readouterr() == ("", "")


def test_without_a_place_every_start_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "place_of", lambda _: Place(None, "no home"))

    assert not is_compiled()


def test_this_machine_s_kernels_are_found_where_they_are_kept() -> None:
    # Compiled before the first test, if need be.
    assert is_compiled()


@pytest.mark.parametrize(
    ("is_compiling", "stages"),
    [
        (True, ["compiling", "compiling", "compiling", "scanning", "waiting"]),
        (False, ["listing", "scanning", "scanning", "scanning", "waiting"]),
    ],
    ids=["first start", "later start"],
)
def test_a_progress_bar_says_compiling_until_a_symbol_is_there(
    monkeypatch: pytest.MonkeyPatch, is_compiling: bool, stages: list[str]
) -> None:
    screen = io.StringIO()
    terminal = Terminal(screen)
    at_work = terminal.console(force_terminal=True, width=60)
    monkeypatch.setattr(terminal, "console", lambda: at_work)
    monkeypatch.setattr(module.terminal, "stderr", lambda: terminal)
    shown = []

    with ScanProgress(is_compiling=is_compiling) as bar:
        for step in (
            lambda: None,
            lambda: bar.listed(400),
            lambda: bar.downloaded(0, ""),
            lambda: bar.downloaded(3, ""),
            lambda: bar.downloaded(3, "waiting"),
        ):
            step()
            screen.truncate(0)
            bar.draw()
            shown.append(next(x for x in STAGES if x in screen.getvalue()))

    assert shown == stages


STAGES = ("compiling", "listing", "scanning", "waiting")
