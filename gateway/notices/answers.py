"""What is answered to an SMS or a missed call: never a balance, for the sender of either can be forged."""

from __future__ import annotations

from collections.abc import Mapping

from locales import phrase

BALANCE = phrase("Dial {dial}, enter your PIN, choose savings: there is your balance.")
HELP = phrase("Dial {dial}. By SMS: BAL, CODE and a receipt code, STOP, START.")
RANG = phrase("You rang us. Dial {dial} for savings, loans and orders.")
STARTED = phrase("You will get SMS again. To stop them, send STOP.")

FOUND = phrase("{code}: {what} {amount:bare}, {day:year}, {place}")
UNDONE = phrase("{code} was undone: {what} {amount:bare}, {day:year}")
NO_SUCH_CODE = phrase("No receipt has this code. Look at its letters again.")
TOO_MANY_CODES = phrase("Too many wrong codes. Try again in an hour.")

KINDS: Mapping[str, str] = {
    "collection": phrase("money in"),
    "saving.deposit": phrase("savings"),
    "saving.withdraw": phrase("savings paid out"),
    "overpayment.refund": phrase("money back"),
    "member.leave": phrase("leaving the group"),
    "share-out.pay": phrase("share-out"),
    "social-fund.in": phrase("social fund"),
    "social-fund.grant": phrase("help"),
    "loan.disburse": phrase("loan"),
    "loan.fee": phrase("loan fee"),
    "loan.repay": phrase("instalment"),
    "loan.close-early": phrase("loan repaid"),
    "loan.recover": phrase("loan repaid"),
    "fine.pay": phrase("fine"),
    "order.place": phrase("order"),
    "order.prepay": phrase("paid ahead"),
    "order.deliver": phrase("goods received"),
    "order.return": phrase("goods sent back"),
    "agent.pay": phrase("paid to the hub"),
    "agent.refund": phrase("money back"),
    "commission.pay": phrase("commission"),
    "commission.set-off": phrase("commission"),
    "emi.open": phrase("goods to pay off"),
    "emi.pay": phrase("instalment"),
    "emi.close-early": phrase("instalment"),
    "sale": phrase("sale"),
    "due.collect": phrase("due paid"),
    "goods.own-use": phrase("own use"),
    "goods.lost": phrase("goods lost"),
    "goods.bought": phrase("goods bought"),
    "reversal": phrase("correction"),
}
"""What a receipt is for, by the kind of its entry."""

OTHER = phrase("entry")
"""Any other kind."""
