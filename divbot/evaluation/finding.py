"""The five things that a search can come to."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """What a verdict says, in capitals; each with its condition, the first that is met holds."""

    NOT_ENOUGH_DATA = "NOT ENOUGH DATA"
    """Fewer than 16 runs of development or 8 of holdout, or no setting that trades in so many."""
    EVERY_SETTING_LOSES = "EVERY SETTING LOSES"
    """The largest t of development <= -t(.95, n_D - 1).

    Each setting must lose significantly by itself, so their number needs no correction. Source:
    Berger, "Multiparameter Hypothesis Testing and Acceptance Sampling", Technometrics 24 (1982).
    """
    NO_EDGE_FOUND = "NO EDGE FOUND"
    """The winner of development has t <= 0, or p > .5 among all settings: the gate stays shut."""
    NOT_CONFIRMED = "NOT CONFIRMED"
    """The holdout was opened, and p > the level of this look."""
    EDGE_CONFIRMED = "EDGE CONFIRMED"
    """The holdout was opened, and p <= the level of this look."""
