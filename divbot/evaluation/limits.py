"""What no verdict can tell, said beside each."""

from __future__ import annotations

LIMITS = (
    "No edge found is not no edge: a year rarely confirms a yearly Sharpe ratio below 4.",
    "A verdict is about the past, and about markets like those of the past.",
    "A list of symbols that holds only those still traded flatters.",
    "Costs are a model.",
    "Defaults that were chosen on this history are looks that nobody counted.",
    "Results that hang together for longer than a run of days are not allowed for.",
)
"""Whole sentences, the most important first."""
