"""`somiti hub` as a script: the whole trip of a packet of soap, money both ways, and a sentence for every refusal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from conftest import BOTH
from ledger_world import World
from ledger_world import findings
from ledger_world import open_world
from sqlalchemy import select

from gateway import office
from gateway import schema
from gateway.backend import Database
from gateway.backend import ThreadJobs
from gateway.backend import open_database
from gateway.office.sentences import SAID
from gateway.outbox import message_table
from gateway.runtime import Runtime
from gateway.settings import load
from gateway.transaction import transaction
from ledger import handovers
from ledger import members
from ledger import orders
from ledger import programmes
from ledger.books import entry_table
from ledger.books import operation_table
from ledger.catalogue import item_table
from ledger.members import Registration
from ledger.members import member_table
from ledger.tables import Names


@dataclass
class Shell:
    """A shell at the hub's desk: runs scripts of commands, each with what was said behind two blanks."""

    runtime: Runtime
    world: World

    def __post_init__(self) -> None:
        @contextmanager
        def opened() -> Iterator[Runtime]:
            yield self.runtime

        self.group: click.Group = office.command(opened)
        self.numbers: list[int] = []

    def say(self, line: str) -> str:
        """Run one command: what it said; an exit code that is not 0 comes first."""
        done = CliRunner().invoke(self.group, shlex.split(line.format(*self.values())))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        if done.exit_code:
            return f"{done.exit_code}: {done.stderr.strip().splitlines()[-1].removeprefix('Error: ')}"
        return " | ".join(" ".join(line.split()) for line in done.stdout.splitlines())

    def values(self) -> list[str]:
        """For `{0}` the delivery code of the first order, for `{1}` a wrong one."""
        with self.runtime.database.reading(60) as db:
            found = [handovers.code(db, orders.get(db, self.world.hub, number)) for number in self.numbers[:1]]
        right = next((code for code in found if code), "0000")
        return [right, f"{(int(right) + 1) % 10_000:04d}"]

    def run(self, script: str) -> None:
        """Run every line, and compare what was said. `order 5 soap` is Rahima's, by phone."""
        for line in filter(None, map(str.strip, script.strip().splitlines())):
            did, expected = (part.strip() for part in (line + "   ").split("   ", 1))
            said = self.order(did.removeprefix("order ")) if did.startswith("order ") else self.say(did + " --by Karim")
            assert said == expected, f"{did}: {said!r} instead of {expected!r}"

    def order(self, wanted: str) -> str:
        """Place an order."""
        with transaction(self.runtime, patience=60) as db:
            order = orders.place(db, self.world.rahima, self.world.basket(wanted), self.world.origin())
        self.numbers.append(order.number)
        return f"{order.number}"

    def told(self) -> list[str | None]:
        """All SMS, receipt codes left out."""
        with self.runtime.database.reading(60) as db:
            texts = db.execute(select(message_table.c.text).order_by(message_table.c.id)).scalars()
            return [re.sub(r"Code \w{6}$", "Code", text or "") for text in texts]

    def entries(self) -> int:
        """How many entries there are."""
        with self.runtime.database.reading(60) as db:
            return len(db.execute(select(entry_table.c.number)).all())


@pytest.fixture
def shell(database: Database, codes: Callable[[], str], tmp_path: Path) -> Iterator[Shell]:
    """The world's hub; Rahima has a phone of her own and reads English. In the end the books are sound."""
    runtime = Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})
    with transaction(runtime, tell=False, patience=60) as db:
        world = open_world(db, codes)
        db.execute(members.handset_table.delete().where(members.handset_table.c.member == world.salma.id))
        speaks = {"language": "en", "digits": "latin"}
        db.execute(member_table.update().where(member_table.c.id == world.rahima.id).values(speaks))
    yield Shell(runtime, world)
    with database.reading(60) as db:
        assert findings(db) == []


RAHIMA = "Rahima 1001: owes Tk {}, paid ahead Tk {}, credit left Tk {}, commission not paid Tk {}"


@BOTH
def test_the_trip_of_a_packet_of_soap(shell: Shell) -> None:
    """A soap costs an agent Tk 48; three of five arrive."""
    shell.run(f"""
        goods-in 1 101:20:840 --bill B-7          20 pieces are in.
        limit 1001 1000                           {RAHIMA.format(0, 0, "1,000", 0)}
        order 5 soap                              5
        accept 5                                  Order 5 is accepted.
        pack 5                                    Order 5 is packed.
        deliver 5 --code 1234                     1: Order 5 was never dispatched, so it has no code.
        dispatch 5                                Order 5 is on its way.
        deliver 5 --code {{1}} --back 101:2       1: That is not the code of this order; 4 more tries.
        deliver 5 --code {{0}} --back 101:1 --lost 101:1      Order 5 is delivered.
        pay 1001 44.50                            {RAHIMA.format("99.50", 0, "900.50", 0)}
        commission earn 1001 7.20 --order 5       {RAHIMA.format("99.50", 0, "900.50", "7.20")}
        commission set-off 1001 5                 {RAHIMA.format("94.50", 0, "905.50", "2.20")}
        return 5 101:1                            1 pieces of order 5 came back.
        close 5                                   Order 5 is closed.
        pay 1001 60                               {RAHIMA.format(0, "13.30", "1,000", 0)}
        refund 1001 13.30                         {RAHIMA.format(0, 0, "1,000", 0)}
        prepay 1001 100                           {RAHIMA.format(0, 100, "1,000", 0)}
        pay-supplier 1 40                         The supplier is paid.
    """)
    assert shell.told() == [
        "Order placed. No. 5, total Tk 240. Code",
        "The hub has taken your order 5 and is getting it ready.",
        f"Order 5 is on its way. When the goods are right, give the carrier {shell.values()[0]}",
        "Soap: 3 of 5 came. Total Tk 144. Code",
        "You paid the hub Tk 44.50. You still owe Tk 99.50. Code",
        "You earned commission Tk 7.20. You will get Tk 7.20 in all.",
        "Commission Tk 5 was taken off what you owe the hub. Code",
        "Goods of Tk 48 went back. You owe the hub Tk 46.70. Code",
        "You paid the hub Tk 60. Paid ahead in all Tk 13.30. Code",
        "The hub gave you Tk 13.30 back. Code",
        "You paid the hub Tk 100. Paid ahead in all Tk 100. Code",
    ]
    assert shell.say("agent 1001") == RAHIMA.format(0, 100, "1,000", 0)
    assert shell.say("suppliers") == "Mill: owed Tk 800, claimed Tk 0"
    shown = shell.say("order 5")
    assert shown.startswith("Order 5: Rahima 1001, Tk 240, closed | 101 Soap: 5 x Tk 48, 3 arrived | ")
    assert "delivered by office:Karim" in shown
    with shell.runtime.database.reading(60) as db:
        memo = db.execute(select(entry_table.c.memo).where(entry_table.c.kind == "order.deliver")).scalars().all()
    assert [each for each in memo if '"proof": "code"' in each]


# Every command that writes, given twice: the second time nothing more happens.
TWICE = [
    "accept 3",
    "pack 3",
    "cancel 3 --reason late",
    "goods-in 1 101:20:840 --bill B-7",
    "limit 1001 1000 --operation L1",
    "pay 1001 50 --operation P1",
    "prepay 1001 50 --operation P1",
    "commission earn 1001 5 --operation C1",
    "emi open 1003 103 --down 100 --instalments 3 --operation E1",
]
LATER = [
    "dispatch 3",
    "deliver 3 --code {0} --back 101:1",
    "return 3 101:1 --operation R1",
    "commission earn 1001 5 --order 3",
    "commission pay 1001 2 --operation C2",
    "commission set-off 1001 2 --operation C3",
    "close 3",
]


@BOTH
@pytest.mark.parametrize("lines", [*([each] for each in TWICE), LATER])
def test_the_same_command_again_does_nothing_more(shell: Shell, lines: list[str]) -> None:
    shell.order("5 soap")
    shell.say("pay 1001 30 --by Karim --operation cash")
    for line in lines:
        first = shell.say(f"{line} --by Karim")
        assert not re.match("[12]: ", first), first
        entries, told = shell.entries(), shell.told()
        assert shell.say(f"{line} --by Karim") == first
        assert (shell.entries(), shell.told()) == (entries, told)


@BOTH
def test_five_wrong_codes_and_the_hub_has_to_ask_her(shell: Shell) -> None:
    shell.order("2 soap")
    shell.run("""
        dispatch 3                              Order 3 is on its way.
        deliver 3 --code {1}                    1: That is not the code of this order; 4 more tries.
        deliver 3 --code 12345678901            1: That is not the code of this order; 3 more tries.
        deliver 3 --code ''                     1: That is not the code of this order; 2 more tries.
        deliver 3 --code {1}                    1: That is not the code of this order; 1 more try.
        deliver 3 --code {1}                    1: Too many wrong codes: ask the agent herself, and say with --without-code how you know.
        deliver 3 --code {0}                    1: Too many wrong codes: ask the agent herself, and say with --without-code how you know.
        deliver 3                               2: say --code, or --without-code with how it is known that she has the goods.
        deliver 3 --without-code ''             2: say --code, or --without-code with how it is known that she has the goods.
        deliver 3 --code 1 --without-code x     2: say --code, or --without-code with how it is known that she has the goods.
        deliver 3 --without-code 'she rang'     Order 3 is delivered.
    """)  # noqa: E501
    assert shell.told()[-1] == "Order 3: goods received, total Tk 96. Code"
    with shell.runtime.database.reading(60) as db:
        memos = db.execute(select(entry_table.c.memo).where(entry_table.c.kind == "order.deliver")).scalars().all()
    assert [each for each in memos if '"proof": "she rang"' in each]


@BOTH
def test_an_order_that_does_not_come_to_its_end(shell: Shell) -> None:
    shell.run("""
        order 2 soap                            3
        order 1 lamp, 1 soap                    4
        cancel 3 --reason 'no soap'             Order 3 is cancelled.
        accept 3                                1: Order 3 is cancelled: this step does not follow.
        cancel 3                                1: The operation office:1-3-cancel was something else the first time; nothing was done.
        dispatch 4                              Order 4 is on its way.
        refuse 4 --claimed 103:1:1 --lost 101:1     Order 4 is refused.
        claim met 1 --paid 400                  The claim is met.
        claim met 1 --deducted 1                1: Only Tk 0 is owed.
        claim refused 1 200 --reason 'not his'      The loss is in the books.
        claim refused 1 1 --reason 'not his'    1: Only Tk 0 is owed.
    """)  # noqa: E501
    assert shell.told()[1:] == [
        "Order placed. No. 4, total Tk 748. Code",
        "Order 3 is cancelled. You can order for Tk 1,252.",
        "Order 4 is on its way. When the goods are right, give the carrier " + handover(shell, 4),
        "Order 4 went back to the hub. You owe nothing for it.",
    ]


def handover(shell: Shell, number: int) -> str:
    with shell.runtime.database.reading(60) as db:
        return str(handovers.code(db, orders.get(db, shell.world.hub, number)))


@BOTH
def test_a_phone_on_instalments(shell: Shell) -> None:
    """The lamp costs a customer Tk 800."""
    opened = shell.say("emi open 1001 103 --down 200 --instalments 3 --rate 2%/month --first-due 2036-01-31 --by Karim")
    plan = "1 2036-01-31 left Tk 212 | 2 2036-02-29 left Tk 212 | 3 2036-03-31 left Tk 212"
    assert (
        re.sub(r"down \S+", "down", opened)
        == f"Contract 1: Lamp for Rahima 1001 | down left Tk 200 | {plan} | Left: Tk 836"
    )
    shell.run("""
        emi pay 1 200           Left: Tk 636
        emi pay 1 300           Left: Tk 336
        emi pay 1 336.01        1: Only Tk 336 is owed.
        emi pay 2 1             1: This hub has no contract 2.
        emi open 1001 103 --instalments 3               1: There are only 0 free pieces of item 103 (Lamp).
        emi open 1001 101 --instalments 3 --down 55     2: the down payment is less than the price.
        emi open 1001 101 --instalments 0               2: Invalid value for '--instalments': 0 is not in the range 1<=x<=1000.
    """)  # noqa: E501
    assert "Closes today with Tk 324" in shell.say("emi show 1")
    assert shell.say("emi late") == ""
    assert shell.say("emi close 1 --by Karim") == "Contract 1 is closed."
    assert shell.say("emi show 1").endswith("Left: Tk 0")
    assert shell.say("emi pay 1 1 --by Karim") == "1: Only Tk 0 is owed."
    assert [text.removesuffix(". Code") for text in shell.told()] == [
        "Lamp on instalments, Tk 836 to pay in all",
        "Instalment Tk 200 paid. Still owed Tk 636",
        "Instalment Tk 300 paid. Still owed Tk 336",
        "Instalment Tk 324 paid. Nothing more owed",
    ]


# What is said to what cannot be done; an order of 5 soap, number 3, was placed.
REFUSED = """
    accept 77                       1: There is no order 77 here.
    accept 3 --hub 9                1: There is no hub 9.
    accept three                    2: Invalid value for 'ORDER': 'three' is not a valid integer range.
    close 3                         1: Order 3 is placed: this step does not follow.
    limit 77 100                    1: no member has the code 77
    limit 1003 100                  1: She is no sales agent: no hub serves her.
    pay 1001 0                      2: Invalid value for 'AMOUNT': say a sum above zero.
    pay 1001 1,000                  2: Invalid value for 'AMOUNT': say a sum as 48 or 48.50, not '1,000'.
    pay 1001 4.505                  2: Invalid value for 'AMOUNT': say a sum as 48 or 48.50, not '4.505'.
    pay 1001 5 --operation 'a b'    2: Invalid value for '--operation': an id has up to 40 letters and digits and no blanks.
    refund 1001 5                   1: Only Tk 0 of what she paid ahead is not counted on by an order.
    commission pay 1001 5           1: She has earned only Tk 0 that she has not got yet.
    commission earn 1002 5 --order 3    1: Order 3 is placed: this step does not follow.
    return 3 101:1                  1: Order 3 is placed: this step does not follow.
    return 3 102:1                  1: Item 102 is not in this order.
    return 3 101:0                  2: goods come back by the piece.
    return 3 101                    2: Invalid value for 'GOODS...': say CODE:PIECES, not '101'.
    refuse 3 --lost 101:6           1: Order 3 is placed: this step does not follow.
    dispatch 3                      Order 3 is on its way.
    refuse 3 --lost 101:6           1: Of item 101 (Soap) 5 were sent, and 6 are accounted for.
    deliver 3 --without-code seen --back 101:6      1: Of item 101 (Soap) 5 were sent, and 6 are accounted for.
    deliver 3 --without-code seen --back 101:5      1: Nothing of order 3 arrived: that is `refuse`.
    deliver 3 --without-code seen --claimed 101:1:9     1: There is no supplier 9.
    goods-in 9 101:1:40 --bill 1    1: There is no supplier 9.
    goods-in 1 999:1:40 --bill 1    1: No item that is sold has the code 999.
    goods-in 1 101:1:40 101:1:40 --bill 1           2: a bill has each item once.
    goods-in 1 101:0:40 --bill 1    2: a line of a bill has at least one piece, brought or short.
    goods-in 1 101:1 --bill 1       2: Invalid value for 'GOODS...': say CODE:PIECES:COST[:SHORT], not '101:1'.
    goods-in 1 101:1:x --bill 1     2: Invalid value for 'GOODS...': say a sum as 48 or 48.50, not 'x'.
    claim met 1                     2: say --deducted or --paid.
    pay-supplier 1 5                1: Only Tk 0 is owed.
"""  # noqa: E501


@BOTH
def test_every_refusal_is_a_sentence_and_leaves_nothing(shell: Shell) -> None:
    shell.order("5 soap")
    shell.run(REFUSED)
    assert shell.entries() == 4, "the two of the world, the order and its dispatch"


BIG = "99999999999999999999"

# What no book can keep: numbers and sums beyond all bounds, and octets that are no text.
BEYOND = f"""
    accept {BIG}                                2: Invalid value for 'ORDER': {BIG} is not in the range 1<=x<=999999999.
    deliver {BIG} --code 1234                   2: Invalid value for 'ORDER': {BIG} is not in the range 1<=x<=999999999.
    return {BIG} 101:1                          2: Invalid value for 'ORDER': {BIG} is not in the range 1<=x<=999999999.
    emi pay {BIG} 1                             2: Invalid value for 'CONTRACT': {BIG} is not in the range 1<=x<=999999999.
    emi open 1001 {BIG} --instalments 3         2: Invalid value for 'ITEM': {BIG} is not in the range 1<=x<=999999999.
    commission earn 1001 5 --order {BIG}        2: Invalid value for '--order': {BIG} is not in the range 1<=x<=999999999.
    emi open 1001 101 --price 999999999 --instalments 1 --every 9999month --rate 999999%/day   2: the service charge is more than the books can hold.
    pay \udcff 5                               2: what was typed is not UTF-8 text.
    cancel 3 --reason \udcff                   2: what was typed is not UTF-8 text.
    deliver 3 --code \udcff                    2: what was typed is not UTF-8 text.
"""  # noqa: E501


@BOTH
def test_what_no_book_can_keep_is_refused_in_a_sentence(shell: Shell) -> None:
    shell.order("5 soap")
    shell.run(BEYOND)
    assert shell.entries() == 3, "the two of the world and the order"


@BOTH
def test_an_item_is_sold_on_instalments_in_its_programme_only(shell: Shell) -> None:
    with transaction(shell.runtime, tell=False, patience=60) as db:
        other = programmes.start(db, "Another", currency="INR", timezone="Asia/Kolkata")
        members.register(db, other.id, [Registration("7001", Names("মীনা", "Mina"), "x", numbers=["+919800000001"])])
    shell.run("emi open 7001 101 --instalments 3    1: The programme of this hub has no member 7001.")
    assert shell.entries() == 2


@BOTH
def test_goods_that_are_no_longer_sold_still_come_in(shell: Shell) -> None:
    """They were ordered from the supplier while they were sold."""
    with transaction(shell.runtime, tell=False, patience=60) as db:
        db.execute(item_table.update().where(item_table.c.code == 101).values(active=False))
    shell.run("""
        goods-in 1 101:20:840 --bill 7                  20 pieces are in.
        emi open 1001 101 --instalments 3               1: No item that is sold has the code 101.
    """)


def test_a_delivery_code_may_be_in_bangla_digits(shell: Shell) -> None:
    shell.run("""
        order 5 soap        3
        dispatch 3          Order 3 is on its way.
    """)
    code = handover(shell, 3).translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯"))
    assert shell.say(f"deliver 3 --code {code} --by Karim") == "Order 3 is delivered."


def test_who_does_it_has_to_be_said(shell: Shell) -> None:
    assert shell.say("accept 3") == "2: Missing option '--by'."
    assert shell.say(f"accept 3 --by {'x' * 31}") == "2: Invalid value for '--by': a name has up to 30 letters."
    assert shell.say("accept 3 --by ''") == "2: Invalid value for '--by': a name has up to 30 letters."


def test_an_operation_id_that_was_something_else(shell: Shell) -> None:
    shell.run("""
        pay 1001 5 --operation A1        Rahima 1001: owes Tk 0, paid ahead Tk 5, credit left Tk 2,000, commission not paid Tk 0
        pay 1001 6 --operation A1        1: The operation office:A1 was something else the first time; nothing was done.
        prepay 1001 5 --operation A1     1: The operation office:A1 was something else the first time; nothing was done.
    """)  # noqa: E501


def test_an_operation_id_is_said_before_anything_is_done(shell: Shell) -> None:
    def opened() -> Iterator[Runtime]:
        raise RuntimeError("the machine stops")

    broken = CliRunner().invoke(office.command(contextmanager(opened)), ["pay", "1001", "5", "--by", "Karim"])
    drawn = broken.stderr.removeprefix("operation ").strip()
    assert re.fullmatch("[0-9a-f-]{36}", drawn)
    for _ in range(2):
        assert "paid ahead Tk 5," in shell.say(f"pay 1001 5 --by Karim --operation {drawn}")
    with shell.runtime.database.reading(60) as db:
        known = db.execute(select(operation_table.c.id).where(operation_table.c.kind == "agent.pay")).scalars().all()
    assert known == [f"office:{drawn}"]


def test_sums_and_codes_may_be_in_bangla_digits(shell: Shell) -> None:
    assert "paid ahead Tk 48.50," in shell.say("pay ১০০১ ৪৮.৫০ --by করিম")
    assert shell.say("goods-in 1 ১০১:২:৮৪ --bill 1 --by করিম") == "2 pieces are in."


@BOTH
def test_the_lists(shell: Shell) -> None:
    shell.run("""
        order 5 soap        3
        order 1 oil         4
        accept 4            Order 4 is accepted.
    """)
    both = shell.say("orders")
    assert re.sub(r"\d{4}-\d\d-\d\d", "DAY", both) == (
        "3 DAY placed 1001 Rahima Tk 240 | 4 DAY accepted 1001 Rahima Tk 150"
    )
    assert shell.say("orders --state placed") == both.split(" | ")[0]
    assert shell.say("orders --state placed --state accepted") == both
    assert shell.say("orders --state lost").startswith("2: Invalid value for '--state': 'lost' is not one of")
    assert shell.say("picking-list --format csv").endswith("1,মিল,102,তেল,1,4,1001,রহিমা,accepted")
    assert "<h2>1. মিল</h2>" in shell.say("picking-list --supplier 1")
    assert shell.say("picking-list --supplier 7") == "1: There is no supplier 7."
    assert shell.say("inactive --days 0").startswith("2: Invalid value for '--days'")
    idle = shell.say("inactive --days 3650")
    assert idle == "1002 Salma no phone last never"


def test_of_several_hubs_one_has_to_be_named(shell: Shell) -> None:
    with transaction(shell.runtime, tell=False, patience=60) as db:
        programmes.open_hub(db, shell.world.programme, Names("দুই", "Dui", "Second"))
    assert shell.say("orders") == "1: say which with --hub: 1 (Depot), 2 (Second)"
    assert shell.say("orders --hub 2") == ""
    assert shell.say("inactive") == "1001 Rahima +8801711000001 last never | 1002 Salma no phone last never"
    assert shell.say("inactive --hub 2") == ""


def test_where_nothing_is_yet(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    runtime = Runtime(load({"SOMITI_VAR": str(tmp_path)}), database, ThreadJobs(), {})

    @contextmanager
    def opened() -> Iterator[Runtime]:
        yield runtime

    for said in ("there is no hub yet: run `somiti migrate`", "there is no hub yet"):
        done = CliRunner().invoke(office.command(opened), ["orders"])
        assert (done.exit_code, done.stderr.strip()) == (1, f"Error: {said}")
        schema.migrate(database)
    database.dispose()


def test_every_refusal_of_trade_has_its_sentence() -> None:
    """The codes are read from the verbs that the desk calls."""
    verbs = (
        "accounts agents catalogue commissions deliveries emi handovers hubs journal members orders steps stock "
        "suppliers writing"
    )
    sources = [Path(handovers.__file__).with_name(f"{name}.py") for name in verbs.split()]
    raised = {
        code
        for path in sources
        if path.exists()
        for code in re.findall(
            r"(?:NotFound|NotAllowed|Shortfall|Conflict|LedgerError)\(\s*\"([a-z-]+)\"",
            path.read_text(encoding="utf-8"),
        )
    }
    ours = {"unknown-hold", "hold-ended", "unknown-member"}
    assert raised - ours - set(SAID) == set()
