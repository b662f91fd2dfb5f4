"""What one is told of: an alert, and several of them as one message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SCHEMA = 1


class Topic(StrEnum):
    """What an alert is about."""

    SIGNAL = "signal"
    ENTRY = "entry"
    EXIT = "exit"
    PAUSE = "pause"
    TROUBLE = "trouble"
    SUMMARY = "summary"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is told once."""

    key: str
    """What is told only once under this name."""
    topic: Topic
    at: int
    """ms UTC of the market."""
    title: str
    text: str
    data: Mapping[str, Any]
    """The same for programs: texts, numbers, lists and dicts."""

    @property
    def brief(self) -> str:
        """Return it in one line."""
        first = self.text.partition("\n")[0]
        return f"{self.title}: {first}" if first else self.title

    def document(self) -> dict[str, Any]:
        """Return what programs are sent: docs/alerts.md says what each field means."""
        return {
            "schema": SCHEMA,
            "id": self.key,
            "topic": self.topic.value,
            "at": self.at,
            "title": self.title,
            "text": self.text,
            "data": dict(self.data),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Alert:
        """Return the alert that `document` was made of."""
        return cls(
            document["id"],
            Topic(document["topic"]),
            document["at"],
            document["title"],
            document["text"],
            document["data"],
        )


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What a person gets at once: one alert, or several with a word on why they come together."""

    title: str
    text: str

    @classmethod
    def of(cls, alerts: Sequence[Alert], waiting: int = 0, why: str = "") -> AlertMessage:
        """Return a message of `alerts`, of `waiting` that there are, held back for a reason."""
        if len(alerts) == 1 and not why:
            return cls(alerts[0].title, alerts[0].text)
        count = f"{len(alerts)} of {waiting}" if waiting > len(alerts) else f"{len(alerts)}"
        noun = "alert" if waiting == 1 else "alerts"
        title = f"{count} {noun}{f', held back by {why}' if why else ''}"
        return cls(title, "\n".join(x.brief for x in alerts))
