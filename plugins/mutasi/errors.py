"""Two kinds of failure: what may pass by itself, and what waits for a person."""

from __future__ import annotations


class NeedsAPerson(RuntimeError):
    """The same input fails the same way, so nothing is gained by trying again; the message says what to do.

    Attributes:
        headline: what a notice begins with where the failure has a name of its own; '' otherwise.
    """

    headline = ""
