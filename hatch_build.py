"""Compiles every `locales/*/LC_MESSAGES/*.po` to its `.mo`; refuses translations whose {placeholders} differ.

Runs as hatchling's build hook (wheel and editable install) and by hand: `python hatch_build.py`.
"""

import os
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent


class BadCatalogue(Exception):
    """A translation file that must not be shipped; the text names the file and each msgid at fault."""


def placeholders(text: str) -> frozenset[str]:
    """The names inside {braces}, without format or conversion; ValueError when the braces do not pair."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def _faults(message: Message) -> Iterator[str]:
    """What is wrong with one translated message: nothing when every form keeps the msgid's placeholders."""
    sources = message.id if isinstance(message.id, tuple | list) else (message.id,)
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    wanted = [placeholders(source) for source in sources]
    for form in forms:
        if not form:
            continue
        found = placeholders(form)
        if found not in wanted:
            yield f"has {{{', '.join(sorted(found))}}}, the msgid has {{{', '.join(sorted(wanted[-1]))}}}"


def check(catalogue: Catalog, name: str) -> None:
    """Raises BadCatalogue, naming file, line and msgid of each fault; the untranslated and fuzzy pass."""
    wrong = []
    for message in catalogue:
        if not message.id or message.fuzzy:
            continue
        try:
            faults = list(_faults(message))
        except ValueError as error:
            faults = [str(error)]
        wrong += [f"{name}:{message.lineno}: msgid {message.id!r}: {fault}" for fault in faults]
    if wrong:
        raise BadCatalogue("\n".join(wrong))


def compile_po(po: Path, root: Path = HERE) -> Path:
    """Writes the `.mo` beside one `.po` and returns it; BadCatalogue on a fault, and the old `.mo` stays."""
    name = po.relative_to(root).as_posix()
    try:
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3], abort_invalid=True)
    except (PoFileError, ValueError) as error:
        raise BadCatalogue(f"{name}: {error}") from error
    check(catalogue, name)
    mo = po.with_suffix(".mo")
    # A running service or a second build beside this one never sees half a file.
    draft = mo.with_suffix(f".mo.{os.getpid()}")
    with draft.open("wb") as target:
        write_mo(target, catalogue)
    draft.replace(mo)
    return mo


def compile_all(root: Path = HERE) -> list[Path]:
    """Compiles every catalogue under `root/locales` and returns the `.mo` files: perhaps none."""
    return [compile_po(po, root) for po in sorted(root.glob("locales/*/LC_MESSAGES/*.po"))]


class CustomBuildHook(BuildHookInterface[Any]):
    """Hatchling's entry point: the `.mo` files exist before a wheel or editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles in the source tree; `artifacts` in pyproject.toml takes the results into the wheel."""
        compile_all(Path(self.root))


def main() -> int:
    """Compiles in place; prints what is wrong and returns 1 when a catalogue must not be shipped."""
    try:
        made = compile_all()
    except BadCatalogue as error:
        print(error, file=sys.stderr)
        return 1
    print(f"compiled {len(made)} catalogues")
    return 0


if __name__ == "__main__":
    sys.exit(main())
