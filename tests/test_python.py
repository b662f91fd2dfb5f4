"""divbot from Python: what a script sees."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from multiprocessing import spawn
from pathlib import Path
from types import ModuleType

import pytest

import divbot
from divbot.domain import errors
from divbot.domain.errors import InputError, SettingsError
from divbot.domain.signals import Opportunity
from divbot.processes import start_context
from tests.cli.commands import environment
from tests.cli.test_table import REPORT

SCRIPT = """
import divbot

report = divbot.scan(top=8, workers=2, base_url={url!r})
frame = report.to_frame()
print(report.summary.scanned, len(frame) == len(report.opportunities))
"""


@pytest.mark.parametrize("arguments", [["script.py"], ["-"]], ids=["file", "stdin"])
def test_a_scan_with_workers_needs_no_guard_of_the_main_module(
    quiet_market: str, tmp_path: Path, arguments: list[str]
) -> None:
    script = SCRIPT.format(url=quiet_market)
    (tmp_path / "script.py").write_text(script)

    done = subprocess.run(
        [sys.executable, *arguments],
        input=script,
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment(),
        check=False,
        timeout=60,
    )

    assert (done.stdout, done.stderr) == ("8 True\n", "")


def test_children_of_others_still_import_the_main_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start_context()
    main = ModuleType("__main__")
    main.__file__ = "/home/somebody/script.py"
    monkeypatch.setitem(sys.modules, "__main__", main)

    assert spawn.get_preparation_data("theirs")["init_main_from_path"] == main.__file__


def test_every_error_is_caught_by_its_name_in_the_package() -> None:
    known = {
        name: error
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, errors.DivbotError)
    }

    assert {name: getattr(divbot, name) for name in divbot.__all__ if name in known} == known
    assert dir(divbot) == sorted(divbot.__all__)


def test_a_report_is_one_line_at_a_prompt() -> None:
    assert repr(REPORT) == (
        "<Report: Binance USD-M futures, 5m, as of 2024-07-30 09:10 UTC; "
        "396 of 400 symbols scanned, 3 shown>"
    )


def test_a_report_is_a_table_in_a_notebook() -> None:
    report = replace(REPORT, venue="<b>")

    shown = report._repr_html_()

    assert shown.startswith("<p>&lt;Report: &lt;b&gt; USD-M futures")
    assert shown.count("<tr") == 1 + len(report.opportunities)


@pytest.mark.parametrize(
    "opportunities",
    [(), (replace(REPORT.opportunities[0], evidence=None),)],
    ids=["none", "one without evidence"],
)
def test_a_frame_has_the_same_types_whatever_was_found(
    opportunities: tuple[Opportunity, ...],
) -> None:
    frame = replace(REPORT, opportunities=opportunities).to_frame()

    assert frame.dtypes.to_dict() == REPORT.to_frame().dtypes.to_dict()
    assert str(frame["confidence"].dtype) == "float64"


def test_scans_can_follow_each_other_in_one_process(quiet_market: str) -> None:
    first, second = (
        divbot.scan(top=8, sequential=True, base_url=quiet_market).to_document() for _ in range(2)
    )

    del first["timings"], second["timings"]
    assert first == second


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises(SettingsError, match="unknown setting 'tpo' given"):
        divbot.scan(tpo=3)


@pytest.mark.parametrize("keyword", ["base_url", "settings"])
def test_a_demo_is_no_venue_of_yours(keyword: str) -> None:
    url = "http://127.0.0.1:9"
    given = {"base_url": url, "settings": divbot.Settings(base_url=url)}

    with pytest.raises(InputError, match="demo and base_url exclude each other"):
        divbot.scan(demo=True, **{keyword: given[keyword]})


def test_a_scan_takes_settings_as_a_whole(quiet_market: str) -> None:
    settings = divbot.Settings(top=3, interval="1h", base_url=quiet_market)

    report = divbot.scan(settings)

    assert (report.summary.symbols, report.interval.value) == (3, "1h")


@pytest.mark.parametrize("more", [{"top": 3}, {"config": "divbot.toml"}], ids=["keyword", "file"])
def test_settings_as_a_whole_go_with_no_others(more: dict[str, object]) -> None:
    with pytest.raises(InputError, match="settings and keywords exclude each other"):
        divbot.scan(divbot.Settings(), **more)


def test_the_package_names_what_it_promises() -> None:
    assert divbot.Report is type(REPORT)
    assert {"scan", "Report", "Settings"} <= {*divbot.__all__}
    assert all(getattr(divbot, name) is not None for name in divbot.__all__)
