"""India's register of commercial SMS (TRAI DLT): each text goes under a header and a template id, byte for byte.

The register is a CSV file with the columns of `COLUMNS`: the name of one of our texts as `somiti messages catalogue`
prints it, its language, the ids that the operator's portal gave, and the text as it stands there, `{#var#}` for each
value. Without the file nothing is checked; with it, nothing that is not in it goes to India.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from gateway.settings import SettingsError

COLUMNS = ("template", "language", "entity", "header", "registered", "text")
INDIA = "+91"
VARIABLE = "{#var#}"
LONGEST = 30
"""Characters that one variable may stand for."""


@dataclass(frozen=True)
class Registered:
    """One text as it is registered: the ids of its sender and of itself, the header it goes under."""

    entity: str
    header: str
    id: str
    text: str

    def matches(self, text: str) -> bool:
        """Whether a text is the registered one, its variables filled in."""
        literal = (re.escape(part) for part in self.text.split(VARIABLE))
        return re.fullmatch(f".{{0,{LONGEST}}}".join(literal), text) is not None


@dataclass(frozen=True)
class Register:
    """All registered texts by our name and language; without one, India is like everywhere else."""

    rows: Mapping[tuple[str, str], Registered] = field(default_factory=dict)

    def registered(self, number: str, template: str, language: str, text: str) -> str | None:
        """The header under which a text may go to a number; None when it may not, "" where none is needed."""
        if not self.rows or not number.startswith(INDIA):
            return ""
        row = self.rows.get((template, language))
        return row.header if row and row.matches(text) else None


def load(path: Path | None) -> Register:
    """Read the register; SettingsError names the line that is wrong."""
    if path is None:
        return Register()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file, strict=True)
            if tuple(lines.fieldnames or ()) != COLUMNS:
                raise SettingsError(f"DLT_FILE must begin with the columns {','.join(COLUMNS)}")
            rows = {}
            for line in lines:
                key = (line["template"], line["language"])
                if None in line or not all(line.values()) or key in rows:
                    raise SettingsError(f"DLT_FILE line {lines.line_num}: every field once, each text once")
                rows[key] = Registered(line["entity"], line["header"], line["registered"], line["text"])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"DLT_FILE: {type(error).__name__}") from None
    return Register(rows)
