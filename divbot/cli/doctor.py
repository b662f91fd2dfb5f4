"""`divbot doctor`: whether this machine can do what divbot wants of it, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from divbot.cli import flags
from divbot.cli.command import PARTIAL
from divbot.domain.errors import SettingsError

if TYPE_CHECKING:
    from divbot.app.checkup import Check


@flags.settings("market", "base_url", "store")
def doctor(*, given: flags.Given, as_json: flags.Json = False) -> int:
    """Check network, clock, limits, folders, disk, compiled code, versions, files and alerts.

    Each line says what to do, where anything is to be done; exit code 4 where a check failed.
    """
    from divbot.app.checkup import Health
    from divbot.cli.destination import Destination, json_bytes
    from divbot.cli.doctor_text import check_line, checkup_document, checkup_sum

    out = Destination(None)
    found = []
    for check in _checks(given):
        found.append(check)
        if not as_json:
            out.write(check_line(check, out.fit))
    if as_json:
        out.write(json_bytes(checkup_document(found)))
    else:
        out.write(checkup_sum(found))
    return PARTIAL if any(x.health is Health.BAD for x in found) else 0


def _checks(given: flags.Given) -> Iterator[Check]:
    from divbot.app.checkup import Check, Health, checkup
    from divbot.settings import config_path, without_files

    try:
        settings = given.load()
        yield _settings(config_path(given.config))
    except SettingsError as error:
        settings = without_files(given.settings)  # a wrong flag ends it all
        yield Check(
            "settings", Health.BAD, str(error), "mend it; what follows is checked with the defaults"
        )
    yield _kernels()
    yield from checkup(settings)


def _settings(file: Path | None) -> Check:
    from divbot.app.checkup import Check, Health
    from divbot.settings import secrets_in

    if file is None:
        return Check("settings", Health.GOOD, "no settings file")
    secrets = ", ".join(secrets_in(file))
    if secrets and os.name == "posix" and file.stat().st_mode & 0o077:
        found = f"those of {file}, which holds {secrets}, and which others can read"
        return Check("settings", Health.DOUBTFUL, found, f"chmod 600 {file}")
    return Check("settings", Health.GOOD, f"those of {file}")


def _kernels() -> Check:
    from divbot.app.checkup import Check, Health
    from divbot.cli.compiling import NOTICE, is_compiled, problem_of_place

    if problem := problem_of_place("kernels"):
        return Check("compiled code", Health.DOUBTFUL, problem)
    if is_compiled():
        return Check("compiled code", Health.GOOD, "made for this machine")
    return Check("compiled code", Health.GOOD, f"not made yet: {NOTICE}")
