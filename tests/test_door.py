"""The door: nobody tries PINs by going round in one call, and nothing tells whose code there is."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest
import time_machine
from conftest import BOTH

from gateway.transaction import transaction
from ledger import members
from ledger import pins


@pytest.mark.parametrize("way", ["0 1", "00 1", "98 0 1"])
def test_three_wrong_pins_end_the_call_whatever_lies_between(phone, way: str) -> None:
    caller = phone()
    caller.dial(f"1 11111 11111 {way}")
    assert not caller.ended
    caller.type("11111")
    assert (caller.screen, caller.ended) == ("pin.end", True)


def test_codes_cannot_be_tried_one_after_another_in_one_call(phone) -> None:
    caller = phone("+8801999000001")
    caller.dial("1001 99999 1003 99999 1004 99999")
    assert (caller.screen, caller.ended) == ("code.end", True)


@BOTH
def test_a_wrong_code_a_wrong_pin_and_a_lock_look_alike(runtime, phone) -> None:
    with transaction(runtime) as db:
        locked = members.by_code(db, "1004")
        for _ in range(5):
            pins.verify(db, runtime.peppers, locked.id, "00000", datetime.now(UTC))
    shown = {phone("+8801999000001").dial(f"{code} 99999") for code in ("9999", "1003", "1004")}
    assert shown == {"কোড বা পিন মেলেনি\nআপনার সদস্য কোড লিখুন"}


def test_a_lock_says_how_long(runtime, phone) -> None:
    """Five wrong PINs lock for half an hour, and each more doubles it; then the right one opens again."""
    start = datetime(2026, 11, 22, 6, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        phone().dial("1 11111 11111 11111")
        assert "৩০ মিনিট পরে" in phone().dial("1 11111 11111")
        assert "৩০ মিনিট পরে" in phone().dial("1 52907")
    with time_machine.travel(start + timedelta(minutes=31), tick=False):
        assert "৬০ মিনিট পরে" in phone().dial("1 11111")
    with time_machine.travel(start + timedelta(minutes=93), tick=False):
        assert "২ ঘণ্টা পরে" in phone().dial("1 11111")
    with time_machine.travel(start + timedelta(hours=4), tick=False):
        assert phone().dial("1 52907").startswith("1 মাল অর্ডার")


def test_ten_wrong_pins_need_a_reset(runtime, phone) -> None:
    with transaction(runtime) as db:
        rahima = members.by_code(db, "1001")
        for hour in range(10):
            pins.verify(
                db, runtime.peppers, rahima.id, "11111", datetime(2026, 11, 22, tzinfo=UTC) + timedelta(days=hour)
            )
    assert "নতুন পিন নিন" in phone().dial("1 52907")
    with transaction(runtime) as db:
        pins.change(db, runtime.peppers, rahima.id, "83614")
    assert phone().dial("1 83614").startswith("1 মাল অর্ডার")


def test_a_price_that_changed_leads_to_the_item_it_changed_for(runtime, phone) -> None:
    caller = phone()
    caller.dial("1 52907 1 1 2 101 3 2 2 102 2")
    with runtime.database.writing() as db:
        db.exec_driver_sql("UPDATE item SET price = 4900 WHERE code = 101")
    assert "দাম এখন ৪৯ টাকা" in caller.type("1")
    assert caller.type("1").startswith("২ রকম, মোট ২০১ টাকা\nসাবান ১০০ গ্রাম ৩×৪৯")
    caller.type("1")
    assert caller.shown.startswith("অর্ডার হয়েছে")
    assert "মোট ২০১ টাকা" in caller.shown


def test_an_eleventh_item_is_refused_and_none_is_lost(phone) -> None:
    caller = phone()
    caller.dial("1 52907 1 1 2 101 1")
    for code in range(102, 111):
        caller.type(f"2 2 {code} 1")
    assert caller.shown.startswith("১০ রকম, মোট")
    assert caller.type("2 2 111 1").startswith("এক অর্ডারে ১০ রকমের বেশি নয়")
    assert "১০ রকম, মোট" in caller.type("0 0 0")


def test_two_new_customers_at_once_are_not_one(runtime, phone) -> None:
    """Both calls were told that number 4 is free: the second one is refused, not booked to the first one's debt."""
    first, second = phone(), phone()
    for caller, name in ((first, "Asha"), (second, "Bina")):
        caller.dial(f"1 52907 2 2 104 1 2 2 4 {name}")
    assert second.type("1").startswith("লেখা হয়েছে")
    assert first.type("1").startswith("4 নম্বর এখন অন্য কাস্টমারের")


def test_after_another_price_the_way_back_has_no_old_price(phone) -> None:
    caller = phone()
    caller.dial("1 52907 2 2 101 2 2 1 99")
    assert "২×৯৯=১৯৮" in caller.shown
    assert caller.type("0").startswith("সাবান ১০০ গ্রাম\nদাম ৫৫ টাকা")


@pytest.mark.parametrize("keys", ["1 1 2 101 3 5", "2 1 101 2 5", "2 2 101 2 5", "2 3 1 5 5"])
def test_a_mistake_never_hides_what_one_would_post(phone, keys: str) -> None:
    *before, mistake = keys.split()
    caller = phone()
    confirm = caller.dial(f"1 52907 {' '.join(before)}")
    assert confirm in caller.type(mistake)
