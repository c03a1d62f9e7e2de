"""THE table of pages: route below /console, noun, who may open it and who may post to it; a file for each section.

The guard and the navigation read it, and a test walks every row as every role and as nobody. A page that is not here
does not exist.
"""

from __future__ import annotations

from gateway.console.pages.books import BOOKS
from gateway.console.pages.calls import CALLS
from gateway.console.pages.door import DOOR
from gateway.console.pages.door import MINE
from gateway.console.pages.groups import GROUPS
from gateway.console.pages.messages import MESSAGES
from gateway.console.pages.office import OFFICE
from gateway.console.pages.people import PEOPLE
from gateway.console.pages.reports import REPORTS
from gateway.console.pages.trade import TRADE
from gateway.console.pages.work import WORK
from gateway.console.shape import Page
from gateway.console.shape import Section
from locales import phrase

SECTIONS: tuple[Section, ...] = (
    Section(phrase("Work"), WORK),
    Section(phrase("People"), PEOPLE),
    Section(phrase("Groups' money"), GROUPS),
    Section(phrase("Goods"), TRADE),
    Section(phrase("Messages"), MESSAGES),
    Section(phrase("Books"), BOOKS),
    Section(phrase("Reports"), REPORTS),
    Section(phrase("Calls"), CALLS),
    Section(phrase("Office"), OFFICE),
    Section(phrase("Mine"), MINE),
)
"""The navigation, in this order: each section with those of its pages that stand in the menu."""

PAGES: tuple[Page, ...] = (*DOOR, *(page for section in SECTIONS for page in section.pages))

BY_NAME = {page.name: page for page in PAGES}
