"""`--demo` beside an address that a variable or the file names: it is told which of them counts."""

from __future__ import annotations

import pytest

from divbot.cli import flags
from divbot.domain.errors import InputError

ADDRESS = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("demo", "address", "quiet", "said"),
    [
        pytest.param(True, ADDRESS, False, True, id="both"),
        pytest.param(True, ADDRESS, True, False, id="both, quietly"),
        pytest.param(True, "", False, False, id="a demo alone"),
        pytest.param(False, ADDRESS, False, False, id="an address alone"),
    ],
)
def test_an_address_that_a_demo_does_not_use_is_told(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    demo: bool,
    address: str,
    quiet: bool,
    said: bool,
) -> None:
    if address:
        monkeypatch.setenv("DIVBOT_BASE_URL", address)

    flags.Given({}, None).load(demo=demo, quiet=quiet)

    line = f"divbot: --demo: base_url {ADDRESS} of the settings is not used\n"
    assert capsys.readouterr().err == (line if said else "")


def test_two_flags_that_name_a_venue_each_are_refused() -> None:
    with pytest.raises(InputError, match="exclude each other"):
        flags.Given({"base_url": ADDRESS}, None).load(demo=True)
