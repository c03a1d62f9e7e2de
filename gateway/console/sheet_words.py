"""What is said of a sheet that somebody sent, in the visitor's language: the templates of `imports.Said`."""

from __future__ import annotations

from typing import Any

from gateway.imports import Said
from locales import Phrase
from locales import Words
from locales import phrase

SENTENCES: frozenset[str] = frozenset(
    {
        # the file
        phrase("the file is larger than {most} MB"),
        phrase("the file is empty"),
        phrase("the heading has more than {most} columns"),
        phrase("the file has more than {most} rows; import it in parts"),
        phrase("this is an old .xls workbook, or one with a password: save it as .xlsx without a password"),
        phrase("the heading has no column {missing}; it has {there}"),
        phrase("the heading has twice: {columns}"),
        phrase('this is not a CSV file in UTF-8: save it as "CSV UTF-8"'),
        phrase('line {line} is not UTF-8 text: save the file as "CSV UTF-8"'),
        phrase("the quotes of row {row} are wrong ({error})"),
        phrase("the workbook is broken and cannot be read ({error})"),
        phrase("the workbook unpacks to more than {most} MB"),
        phrase("the workbook has more in it than a list: copy its rows into a new one"),
        phrase("columns that are ignored: {columns}"),
        phrase("only the sheet {sheet} is read, not {others}"),
        phrase("there are more cells than headings: is a comma or semicolon without quotes around its text?"),
        phrase("{column} is a formula without a result: open the file in a spreadsheet and save it again"),
        phrase("{column} shows the error {error}"),
        phrase("{column} {typed} has a character that no phone shows"),
        # members
        phrase("{said}"),
        phrase("{column} is empty"),
        phrase("{column} {typed} has {has} characters, at most {most} fit: a given name"),
        phrase("{column} {typed} is none of {choices}"),
        phrase("code {typed} is no member's code: digits only"),
        phrase("group is empty, and none was chosen for the whole sheet"),
        phrase("no group, or more than one, is called {typed}"),
        phrase("number {typed} is no phone number: type it as +8801711000001"),
        phrase("somebody has the code {code} already, or had it"),
        phrase("the same as row {before}"),
        phrase("{name} {code} is a member already"),
        # an old group's books
        phrase("{column} {typed} is not a sum: type it as 48 or 48.50"),
        phrase("{column} {typed} is not a day: type it as 2026-12-10"),
        phrase("{column} {typed} is not a number from 1 to {most}"),
        phrase("rate {typed} is not a rate: type it as text, as 2%/month or 24%/year"),
        phrase("every {typed} is not a time: type it as 1month, 2weeks or 15days"),
        phrase("{code} is in row {row} already"),
        phrase("{code} has its sum under amount, and nothing else"),
        phrase("amount is for {codes}"),
        phrase("{code} is in row {row} already: a further row of hers names another loan only"),
        phrase("code {typed} is no member code, and none of {special}"),
        phrase("{code} has left her group"),
        phrase("{code} is not a member of this group"),
        phrase("{code} stays {bn} ({latn})"),
        phrase("{column} of {code} stays as it is"),
        phrase("nobody has the code {code}; a new member needs {column}"),
        phrase("a new member needs {column}"),
        phrase("{name} has no number: no SMS reaches her"),
        phrase("{column} {typed} without a loan"),
        phrase("the loan: {error}"),
        phrase("instalment {paper} is {computed} by {method} at this rate"),
        phrase("interest_due {interest} comes on top of the interest of {late} late instalments"),
        phrase("{column} is {said}, but the rows come to {amount}"),
    }
)
ROW = phrase("Row {row}: {said}")


def said(words: Words, text: str) -> str:
    """A sentence about a sheet in the visitor's language; one without a template stays as it is."""
    return words.say(text.template, **text.values) if isinstance(text, Said) else text


def of_row(words: Words, row: int, text: str) -> str:
    """The same with the number of the row that it is about."""
    return words.say(ROW, row=row, said=said(words, text))


def told(words: Words, kept: Any) -> str:
    """What a task kept of a row, as `importing.written` wrote it; a sentence stays as it is."""
    if not isinstance(kept, dict):
        return str(kept)
    template: Phrase = kept["said"]
    return words.say(ROW, row=kept["row"], said=words.say(template, **kept["values"]))
