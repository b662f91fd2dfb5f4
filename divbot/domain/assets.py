"""Assets that are no coins with a price of their own, by a dated list."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def listed_assets() -> Mapping[str, str]:
    """Return by asset what it is: stable, fiat, pegged, gold or stock; source: assets.toml."""
    import tomllib  # only where symbols are chosen: no worker does

    text = files("divbot.domain").joinpath("assets.toml").read_text("utf-8")
    kinds = {name: assets for name, assets in tomllib.loads(text).items() if name != "as_of"}
    return {asset: kind for kind, assets in kinds.items() for asset in assets}
