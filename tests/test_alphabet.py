"""What texts cost: the alphabet of 3GPP TS 23.038, the octets of the designed screens, the parts of SMS."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locales import alphabet
from locales.alphabet import Encoding
from locales.alphabet import Segmented
from locales.alphabet import is_gsm
from locales.alphabet import measure
from locales.alphabet import octets
from locales.alphabet import parts
from locales.alphabet import septets
from locales.alphabet import units
from locales.script import clusters

VECTORS = json.loads((Path(__file__).parent / "data" / "segments.json").read_text("utf-8"))["cases"]
ENCODINGS = {"GSM-7": Encoding.GSM7, "UCS-2": Encoding.UCS2}

# The lengths of our parts where they differ on purpose from the vectors': we keep a conjunct whole (Unicode
# 15.1), even if it costs a part more, and a line break of two characters; we cut a cluster no part can hold.
DIFFERENT = {
    "crlf across 67": [66, 12],
    "conjunct across 67": [65, 13],
    "long conjunct across 67": [64, 16],
    "split conjunct needs another part": [65, 67, 2],
    "paragraph bn": [67, 65, 20],
    "paragraph bn twice": [67, 65, 67, 66, 40],
    "cluster longer than a part": [67, 15],
}

SCREENS = [
    ("who bn", 76, "কে বলছেন?\n1 রহিমা\n2 সালমা\n0 অন্য সদস্য"),
    ("who bn_Latn", 38, "Ke bolchen?\n1 Rahima\n2 Salma\n0 Onno sodosso"),
    ("who en", 43, "Who is calling?\n1 Rahima\n2 Salma\n0 Another member"),
    ("pin bn", 66, "রহিমা, আপনার পিন দিন\n0 অন্য সদস্য"),
    ("pin bn_Latn", 32, "Rahima, apnar PIN din\n0 Onno sodosso"),
    ("pin en", 35, "Rahima, enter your PIN\n0 Another member"),
    ("pin.wrong bn", 96, "পিন মেলেনি। আর ২ বার চেষ্টা করতে পারবেন।\nপিন দিন"),
    ("pin.wrong bn_Latn", 43, "PIN meleni. Ar 2 bar chesta korte parben.\nPIN din"),
    ("pin.wrong en", 35, "Wrong PIN. 2 tries left.\nEnter your PIN"),
    ("home bn", 132, "1 মাল অর্ডার\n2 বিক্রি\n3 সঞ্চয়\n4 ঋণ\n5 আমার সমিতি\n6 সাহায্য\n7 সেটিংস"),
    ("home bn_Latn", 62, "1 Mal order\n2 Bikri\n3 Sonchoy\n4 Rin\n5 Amar somiti\n6 Sahajjo\n7 Settings"),
    ("home en", 64, "1 Order stock\n2 Log a sale\n3 Savings\n4 Loans\n5 My group\n6 Help\n7 Settings"),
    ("order bn", 120, "মাল অর্ডার\n1 নতুন\n2 আমার অর্ডার\n3 মাল পেয়েছি\n4 বাতিল\n0 পিছনে"),
    ("order bn_Latn", 55, "Mal order\n1 Notun\n2 Amar order\n3 Mal peyechi\n4 Batil\n0 Pichone"),
    ("order en", 51, "Order stock\n1 New\n2 My orders\n3 Goods came\n4 Cancel\n0 Back"),
    ("order.new bn", 120, "কীভাবে খুঁজবেন?\n1 ধরন দেখে\n2 কোড দিয়ে\n3 যা সবসময় নেন\n0 পিছনে"),
    ("order.new bn_Latn", 62, "Kivabe khujben?\n1 Dhoron dekhe\n2 Code diye\n3 Ja sobsomoy nen\n0 Pichone"),
    ("order.new en", 44, "Find it by\n1 Category\n2 Code\n3 Usual basket\n0 Back"),
    ("order.code bn", 68, "মালের কোড লিখুন (যেমন 101)\n0 পিছনে"),
    ("order.code bn_Latn", 35, "Maler code likhun (jemon 101)\n0 Pichone"),
    ("order.code en", 34, "Type the item's code (e.g. 101)\n0 Back"),
    ("order.qty bn", 94, "সাবান ১০০ গ্রাম\nদাম ৪৮ টাকা\nকয়টি নেবেন?\n0 পিছনে"),
    ("order.qty bn_Latn", 43, "Saban 100 gram\nDam 48 taka\nKoyti neben?\n0 Pichone"),
    ("order.qty en", 35, "Soap 100 g\nPrice Tk 48\nHow many?\n0 Back"),
    ("order.confirm bn", 132, "সাবান ১০০ গ্রাম\n৩টি × ৪৮ = ১৪৪ টাকা\n1 অর্ডার দিন\n2 আরও মাল\n0 পিছনে"),
    ("order.confirm bn_Latn", 59, "Saban 100 gram\n3 ti x 48 = 144 taka\n1 Order din\n2 Aro mal\n0 Pichone"),
    ("order.confirm en", 62, "Soap 100 g\n3 x 48 = Tk 144\n1 Place the order\n2 Add another item\n0 Back"),
    ("order.done bn", 128, "অর্ডার হয়েছে। নম্বর 4821\nমোট ১৪৪ টাকা\nআরও নিতে পারেন ৩,৮৫৬ টাকার"),
    ("order.done bn_Latn", 58, "Order hoyeche. Nombor 4821\nMot 144 taka\nAro nite paren 3,856 takar"),
    ("order.done en", 49, "Order placed. No. 4821\nTotal Tk 144\nCredit left Tk 3,856"),
    ("order.limit bn", 134, "এত বাকি দেওয়া যাবে না।\n৩,৮৫৬ টাকা পর্যন্ত নিতে পারেন\n1 পরিমাণ বদলান"),
    (
        "order.limit bn_Latn",
        71,
        "Eto baki deoya jabe na.\n3,856 taka porjonto nite paren\n1 Poriman bodlan\n0 Pichone",
    ),
    ("order.limit en", 67, "Over your credit limit.\nYou can take up to Tk 3,856\n1 Change quantity\n0 Back"),
    ("sale.confirm bn", 124, "বিক্রি: সাবান ২টি\nনগদ ১১০ টাকা\n1 লিখে রাখুন\n2 অন্য দাম\n0 পিছনে"),
    ("sale.confirm bn_Latn", 60, "Bikri: Saban 2 ti\nNogod 110 taka\n1 Likhe rakhun\n2 Onno dam\n0 Pichone"),
    ("sale.confirm en", 54, "Sale: 2 x Soap\nCash Tk 110\n1 Record it\n2 Another price\n0 Back"),
    ("sale.today bn", 110, "আজ\nবিক্রি ১,২৪০ টাকা\nলাভ ১৮৬ টাকা\nবাকি ৩২০ টাকা\n0 পিছনে"),
    ("sale.today bn_Latn", 50, "Aj\nBikri 1,240 taka\nLabh 186 taka\nBaki 320 taka\n0 Pichone"),
    ("sale.today en", 53, "Today\nSales Tk 1,240\nProfit Tk 186\nOwed to you Tk 320\n0 Back"),
    ("savings.balance bn", 122, "আপনার মোট সঞ্চয়\n৮,৪৫০ টাকা\nশেষ জমা ১২ নভেম্বর ৫০ টাকা\n0 পিছনে"),
    ("savings.balance bn_Latn", 56, "Apnar mot sonchoy\n8,450 taka\nShesh joma 12 Nov 50 taka\n0 Pichone"),
    ("savings.balance en", 42, "Your savings\nTk 8,450\nLast: 12 Nov, Tk 50\n0 Back"),
    ("loan.balance bn", 132, "ঋণ বাকি ৬,১১৮.৭৯ টাকা\nপরের কিস্তি ২০ নভেম্বর\n৩,১৫১.৪৯ টাকা\n0 পিছনে"),
    ("loan.balance bn_Latn", 57, "Rin baki 6,118.79 taka\nPorer kisti 20 Nov\n3,151.49 taka\n0 Pichone"),
    ("loan.balance en", 48, "Loan: Tk 6,118.79 left\nNext: 20 Nov\nTk 3,151.49\n0 Back"),
    ("loan.overdue bn", 142, "কিস্তি বাকি পড়েছে ২টি\nমোট ৬,৩০২.৯৮ টাকা\nদলনেত্রীর সাথে কথা বলুন\n0 পিছনে"),
    (
        "loan.overdue bn_Latn",
        70,
        "Kisti baki poreche 2 ti\nMot 6,302.98 taka\nDolnetrir sathe kotha bolun\n0 Pichone",
    ),
    ("loan.overdue en", 53, "2 instalments overdue\nTk 6,302.98\nTalk to your leader\n0 Back"),
    ("resume bn", 122, "লাইন কেটে গেছে।\n৫টি সাবান অর্ডার\n1 চালিয়ে যান\n2 নতুন করে শুরু"),
    ("resume bn_Latn", 58, "Line kete geche.\n5 ti saban order\n1 Chaliye jan\n2 Notun kore shuru"),
    ("resume en", 51, "You were cut off.\nOrder: 5 x Soap\n1 Continue\n2 Start again"),
    ("mistake.number bn", 98, "শুধু সংখ্যা লিখুন (১ থেকে ৯৯)\nকয়টি নেবেন?\n0 পিছনে"),
    ("mistake.number bn_Latn", 50, "Shudhu songkha likhun (1 theke 99)\nKoyti neben?\n0 Pichone"),
    ("mistake.number en", 35, "Numbers only (1 to 99)\nHow many?\n0 Back"),
    ("error bn", 140, "দুঃখিত, এখন হলো না। কিছু লেখা হয়নি, টাকাও কাটেনি। পরে আবার ডায়াল করুন।"),
    ("error bn_Latn", 70, "Dukkhito, ekhon holo na. Kichu lekha hoyni, takao kateni. Pore abar dial korun."),
    (
        "error en",
        77,
        "Sorry, that did not work. Nothing was written, no money taken. Please dial again later.",
    ),
]

SMS = [
    ("receipt.saving", 46, "শাপলা: ৫০ টাকা জমা। মোট ৮,৪৫০ টাকা। কোড A7K2M9"),
    ("receipt.quiet", 22, "লেখা হয়েছে। কোড A7K2M9"),
    ("meeting.tomorrow", 50, "কাল সকাল ১০টায় শাপলার সভা। ১৮ জন দেবেন ৪,৩৫০ টাকা।"),
    ("dispatch", 55, "অর্ডার 4821 আসছে। মাল বুঝে পেলে বাহককে এই কোড দিন: 7391"),
    ("closing", 48, "সভা শেষ। জমা ৪,২০০, বাকি ১৫০, আসেননি ২। 3fa9c21e"),
]

COSTS = [
    ("", 0, 0),
    ("a", 1, 1),
    ("12345678", 8, 7),
    ("123456789", 9, 8),
    ("a" * 182, 182, 160),
    ("a" * 183, 183, 161),
    ("^", 2, 2),
    ("{}[]~\\|€\f^", 20, 18),
    ("Δ_ΦΓΛΩΠΨΣΘΞ", 11, 10),
    ("\r\n", 2, 2),
]

FOREIGN = [
    "`",
    "ç",
    "৳",
    "…",
    "×",
    "’",
    "“",
    "–",
    "\t",
    "\0",
    "\x1b",
    "\x7f",
    "\xa0",
    "ক",
    "১",
    "।",
    "👍",
    "\u2126",
]


@pytest.mark.parametrize(("name", "expected", "text"), SCREENS)
def test_a_designed_screen_costs_what_the_design_says(name: str, expected: int, text: str) -> None:
    assert octets(text) == expected


@pytest.mark.parametrize(("name", "expected", "text"), SMS)
def test_a_designed_sms_is_as_long_as_the_design_says(name: str, expected: int, text: str) -> None:
    assert measure(text) == Segmented(Encoding.UCS2, expected, 1)


@pytest.mark.parametrize(("text", "expected", "page"), COSTS)
def test_septets_and_the_octets_they_are_packed_in(text: str, expected: int, page: int) -> None:
    assert (septets(text), octets(text)) == (expected, page)


@pytest.mark.parametrize("foreign", FOREIGN)
def test_one_foreign_character_turns_the_page_to_sixteen_bits(foreign: str) -> None:
    assert not is_gsm(foreign)
    assert octets("a" * 10 + foreign) == 20 + 2 * units(foreign)
    with pytest.raises(ValueError, match="GSM-7"):
        septets("a" + foreign)


def test_the_alphabet_has_127_characters_and_ten_escaped_ones() -> None:
    assert (len(set(alphabet.GSM_BASIC)), len(set(alphabet.GSM_ESCAPED))) == (127, 10)
    assert not set(alphabet.GSM_BASIC) & set(alphabet.GSM_ESCAPED)


def test_the_room_of_a_page_in_each_alphabet() -> None:
    assert octets("a" * alphabet.USSD_SEPTETS) == octets("ক" * alphabet.USSD_UNITS) == alphabet.USSD_OCTETS


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_sms_parts_agree_with_the_frozen_vectors(case: dict[str, Any]) -> None:
    sent = parts(case["text"])
    assert [units(part) for part in sent] == DIFFERENT.get(case["name"], case["parts"])
    assert measure(case["text"]) == Segmented(ENCODINGS[case["encoding"]], case["size"], len(sent))


def test_each_listed_difference_is_one() -> None:
    theirs = {case["name"]: case["parts"] for case in VECTORS}
    assert all(theirs[name] != ours for name, ours in DIFFERENT.items())


def test_a_cluster_that_just_fits_a_part_gets_one() -> None:
    longest = "ক" + "\u0301" * (alphabet.SMS_PART_UNITS - 1)
    assert parts("খখ" + longest + "গগ") == ["খখ", longest, "গগ"]


gsm_texts = st.text(alphabet.GSM_BASIC + alphabet.GSM_ESCAPED * 4, max_size=700)
any_texts = st.text(st.sampled_from("কখর্যািো়\u200dস্ত্রী১। a[€👍🇧\r\n\u0301") | st.characters(), max_size=300)


def fits(text: str, encoding: Encoding, count: int) -> bool:
    """Whether one part is within the budget of a message of `count` parts."""
    if encoding is Encoding.GSM7:
        return septets(text) <= (alphabet.SMS_SEPTETS if count == 1 else alphabet.SMS_PART_SEPTETS)
    return units(text) <= (alphabet.SMS_UNITS if count == 1 else alphabet.SMS_PART_UNITS)


@given(gsm_texts | any_texts)
def test_parts_join_to_the_text_and_each_fits(text: str) -> None:
    sent = parts(text)
    size = measure(text)
    assert "".join(sent) == text
    assert size.parts == len(sent) >= 1
    assert all(fits(part, size.encoding, len(sent)) for part in sent)
    assert all(sent) or sent == [""]


@given(any_texts)
def test_no_cluster_that_fits_a_part_is_cut(text: str) -> None:
    whole = clusters(text)
    if all(units(cluster) <= alphabet.SMS_PART_UNITS for cluster in whole):
        assert [cluster for part in parts(text) for cluster in clusters(part)] == whole


@given(gsm_texts)
def test_a_gsm_part_is_left_only_when_the_next_character_does_not_fit(text: str) -> None:
    sent = parts(text)
    for part, following in pairwise(sent):
        assert septets(part) + septets(clusters(following)[0]) > alphabet.SMS_PART_SEPTETS


@given(any_texts | gsm_texts)
def test_octets_are_those_of_the_encoded_page(text: str) -> None:
    if is_gsm(text):
        bits = 7 * sum(2 if character in alphabet.GSM_ESCAPED else 1 for character in text)
        assert 8 * octets(text) - 7 <= bits <= 8 * octets(text)
    else:
        assert octets(text) == sum(4 if character > "\uffff" else 2 for character in text)
