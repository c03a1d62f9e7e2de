"""A group's money: meetings, requests, loans, what one member has and owes; goods on instalments."""

from __future__ import annotations

from gateway.console.shape import Page
from gateway.console.tables import LENDER
from gateway.console.views import emi
from gateway.console.views import lend
from gateway.console.views import loans
from gateway.console.views import meetings
from gateway.console.views import money
from gateway.console.views import requests
from gateway.console.views.looking import READERS
from gateway.console.views.looking import WRITERS
from locales import phrase

_LOANS = READERS | {LENDER}

GROUPS: tuple[Page, ...] = (
    Page("loans", "/loans", phrase("Loans"), _LOANS, loans.every, menu=True),
    Page("meetings", "/meetings", phrase("Meetings"), READERS, meetings.every, menu=True),
    Page("requests", "/requests", phrase("Requests that wait for leaders"), READERS, requests.waiting, menu=True),
    Page("to-pay", "/requests/to-pay", phrase("To be paid out"), READERS, requests.to_pay, menu=True),
    Page("loan-plan", "/loans/plan", phrase("Plan of a loan"), _LOANS, lend.plan, menu=True),
    Page("loan", "/loans/<int:loan>", phrase("Loan"), _LOANS, loans.one),
    Page("loan-repay", "/loans/<int:loan>/repay", phrase("Take an instalment"), WRITERS, loans.show_repay, loans.repay),
    Page("loan-close", "/loans/<int:loan>/close", phrase("Close a loan early"), WRITERS, loans.show_close, loans.close),
    Page("loan-apply", "/members/<int:member>/loan", phrase("Ask for a loan"), WRITERS, lend.show_apply, lend.apply),
    Page("request", "/requests/<int:request>", phrase("Request"), READERS, requests.one, requests.decide, acts=WRITERS),
    Page("request-pay", "/requests/<int:request>/pay", phrase("Hand over"), WRITERS, requests.show_pay, requests.pay),
    Page("group-meetings", "/groups/<int:group>/meetings", phrase("Meetings of a group"), READERS, meetings.of_group),
    Page("meeting", "/groups/<int:group>/meetings/<int:meeting>", phrase("Meeting"), READERS, meetings.one),
    Page("sheet-print", "/groups/<int:group>/sheet/print", phrase("Sheet to print"), READERS, meetings.blank),
    Page(
        "sheet", "/groups/<int:group>/sheet", phrase("Sheet of a meeting"), WRITERS, meetings.show_sheet, meetings.write
    ),
    Page("money", "/members/<int:member>/money", phrase("A member's money"), READERS, money.one),
    Page("money-take", "/members/<int:member>/take", phrase("Take money"), WRITERS, money.show_take, money.take),
    Page(
        "money-withdraw",
        "/members/<int:member>/withdraw",
        phrase("Ask for savings"),
        WRITERS,
        money.show_withdraw,
        money.withdraw,
    ),
    Page("money-fine", "/members/<int:member>/fine", phrase("Fines"), WRITERS, money.show_fine, money.fine),
    Page(
        "money-share",
        "/members/<int:member>/share",
        phrase("Hand over her share"),
        WRITERS,
        money.show_share,
        money.share,
    ),
    Page("emi-list", "/instalments", phrase("Goods on instalments"), emi.READERS, emi.every, menu=True),
    Page("emi-sell", "/instalments/new", phrase("Sell on instalments"), emi.WRITERS, emi.show_sell, emi.sell),
    Page("emi", "/instalments/<int:contract>", phrase("Goods on instalments"), emi.READERS, emi.one),
    Page(
        "emi-pay", "/instalments/<int:contract>/pay", phrase("Take an instalment"), emi.WRITERS, emi.show_pay, emi.pay
    ),
    Page(
        "emi-close",
        "/instalments/<int:contract>/close",
        phrase("Close it early"),
        emi.WRITERS,
        emi.show_close,
        emi.close,
    ),
)
