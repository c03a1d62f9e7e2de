"""Refusals of the books: each has a code (the words are chosen above) and the values the words may need."""

from __future__ import annotations


class LedgerError(Exception):
    """A business refusal: nothing was written. `code` is stable, `values` fill the phrase chosen for it."""

    def __init__(self, code: str, /, **values: object) -> None:
        """Refuse with a stable code; values are Money, int, str or date."""
        super().__init__(code)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        """The code and its values, for a log or a test."""
        shown = " ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.code} {shown}".strip()


class NotFound(LedgerError):
    """The thing named is not in the books."""


class NotAllowed(LedgerError):
    """The rules do not let this person do this now."""


class Shortfall(LedgerError):
    """There is not enough: cash, stock, credit."""


class Conflict(LedgerError):
    """The operation id was used before for something else."""
