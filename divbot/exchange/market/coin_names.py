"""The coins of a synthetic market: well-known ones first, then pronounceable inventions."""

from __future__ import annotations

from collections.abc import Iterator

_PRICES = """
    BTC=60000 ETH=3000 SOL=150 XRP=0.6 BNB=560 DOGE=0.12 PEPE=0.00001 ADA=0.4 SUI=1.6
    AVAX=27 LINK=13 SHIB=0.000018 TRX=0.15 DOT=5.6 LTC=70 NEAR=4.8 BCH=350 APT=8
    WIF=1.9 ARB=0.6 OP=1.6 UNI=7 FIL=4 ATOM=5.2 ETC=20 INJ=19 FET=1.3 TIA=5.5 SEI=0.35
    AAVE=130 ORDI=33 WLD=1.7 BONK=0.00002 FLOKI=0.00014 ENA=0.35 JUP=0.8 RENDER=5.5
    STX=1.7 IMX=1.4 ICP=8.5 GALA=0.021 SAND=0.27 MANA=0.29 CRV=0.3 LDO=1.1 DYDX=1
    RUNE=4.4 ALGO=0.13 HBAR=0.055 VET=0.023 XLM=0.095 EOS=0.5 THETA=1.3 GRT=0.17 AXS=5
    CHZ=0.06 PENDLE=3.6 JTO=2.3 PYTH=0.32 STRK=0.4
"""
WELL_KNOWN = {name: float(price) for name, price in (each.split("=") for each in _PRICES.split())}
"""Base assets by rank, each with a price in USDT that its market keeps returning to."""

_ONSETS = (*"BDFGKLMNPRSTVZ", "BR", "DR", "KR", "TR")
_VOWELS = "AEIOU"
_CODAS = ["", "N", "R", "X", "L", "S"]


def coin_names(count: int) -> list[str]:
    """Return `count` different base assets, the well-known ones first."""
    names = list(WELL_KNOWN)[:count]
    taken = set(WELL_KNOWN)
    for name in _inventions():
        if len(names) >= count:
            break
        if name not in taken:
            names.append(name)
    return names


def _inventions() -> Iterator[str]:
    syllables = [onset + vowel for vowel in _VOWELS for onset in _ONSETS]
    # A stride that shares no factor with the number of syllables meets each of them once.
    for coda in _CODAS:
        for step in range(len(syllables) ** 2):
            first = step * 37 % len(syllables)
            second = (step * 61 + step // len(syllables)) % len(syllables)
            yield syllables[first] + syllables[second] + coda
