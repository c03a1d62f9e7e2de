"""Reports: figures with their definitions, pictures and rows."""

from __future__ import annotations

from functools import partial

from gateway.console.shape import Page
from gateway.console.views import reports
from gateway.console.views import reports_behind
from gateway.console.views import reports_groups
from gateway.console.views import reports_messages
from gateway.console.views import reports_trade
from gateway.console.views.reporting import OF_ALL
from gateway.console.views.reporting import OF_GROUPS
from gateway.console.views.reporting import OF_HUBS
from gateway.console.views.reporting import Build
from gateway.console.views.reporting import give
from gateway.console.views.reporting import show
from locales import Phrase
from locales import phrase


def _both(
    name: str, route: str, noun: Phrase, who: frozenset[str], build: Build, *, menu: bool = True
) -> tuple[Page, Page]:
    """A report as a page, and as a file to keep."""
    page = Page(name, f"/reports/{route}", noun, who, partial(show, build), menu=menu)
    file = partial(give, route.replace("/", "-"), build)
    return page, Page(f"{name}-sheet", f"/reports/{route}/<form>", noun, who, give=file)


REPORTS: tuple[Page, ...] = (
    Page("reports", "/reports", phrase("Key figures"), OF_GROUPS | OF_HUBS, partial(show, reports.overview), menu=True),
    *_both("report-sales", "sales", phrase("Sales and profit"), OF_HUBS, reports_trade.sales),
    *_both("report-money", "savings-and-loans", phrase("Savings and loans"), OF_GROUPS, reports_groups.money),
    *_both("report-risk", "at-risk", phrase("Portfolio at risk"), OF_GROUPS, reports_groups.risk),
    *_both("report-recovery", "recovery", phrase("Recovery"), OF_GROUPS, reports_groups.recovery),
    *_both("report-meetings", "meetings", phrase("Meetings and savings"), OF_GROUPS, reports_groups.meetings),
    *_both("report-messages", "messages", phrase("Cost and delivery of messages"), OF_ALL, reports_messages.messages),
    *_both("report-agents", "agents", phrase("Active agents"), OF_HUBS, reports_trade.agents),
    *_both("report-groups", "groups", phrase("A month by group"), OF_GROUPS, reports_behind.by_group, menu=False),
    *_both("report-late", "loans-in-arrears", phrase("Loans in arrears"), OF_GROUPS, reports_behind.late, menu=False),
    *_both("report-held", "meetings-held", phrase("Meetings held"), OF_GROUPS, reports_behind.held, menu=False),
    *_both("report-idle", "idle-agents", phrase("Idle agents"), OF_HUBS, reports_behind.idle, menu=False),
)
