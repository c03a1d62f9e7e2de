"""The environment as an operator writes it, and what she is told when it will not do."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.providers import PROVIDERS
from gateway.settings import PROVIDER_NEEDS
from gateway.settings import Price
from gateway.settings import Settings
from gateway.settings import SettingsError
from gateway.settings import load

LONG = {name: f"{name.lower()}-0123456789abcdef0123456789" for name in ("SECRET_KEY", "PIN_PEPPER", "CALLBACK_SECRET")}
SERVER = {"DATABASE_URL": "postgresql://somiti:hush@db.example/somiti", "REDIS_URL": "redis://:hush@cache.example/0"}
SSL = {"SMS_PROVIDERS": "sslwireless", "SSLWIRELESS_TOKEN": "ssl_hush", "SSLWIRELESS_SID": "SHAPLA"}
BDAPPS = {"SMS_PROVIDERS": "bdapps", "BDAPPS_APPLICATION_ID": "APP_1", "BDAPPS_PASSWORD": "bd_hush"}
SMPP = {"SMS_PROVIDERS": "smpp", "SMPP_URL": "smpps://shapla:hush@smsc.example:3550"}
AT = {"SMS_PROVIDERS": "africastalking", "AT_USERNAME": "sandbox", "AT_API_KEY": "atsk_hush"}


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_empty_environment_is_the_embedded_mode(tmp_path: Path) -> None:
    settings = load({})
    assert settings.embedded
    assert settings.var == tmp_path / "var"
    assert settings.database_url == f"sqlite:///{tmp_path / 'var' / 'somiti.db'}"
    assert settings.redis_url is None
    assert settings.ussd_code == "*384*27#"
    assert settings.sms_providers == ("simulator",)
    assert settings.simulator
    assert settings.weak_secrets == ()


def test_made_secrets_are_kept_for_the_owner_alone(tmp_path: Path) -> None:
    first, second = load({}), load({})
    assert first == second
    kept = {path.name: path for path in (tmp_path / "var" / "secrets").iterdir()}
    assert sorted(kept) == ["callback_secret", "pin_pepper", "secret_key"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.values()} == {0o600}
    assert stat.S_IMODE((tmp_path / "var" / "secrets").stat().st_mode) == 0o700
    assert kept["pin_pepper"].read_text() == first.pin_pepper
    assert len({first.secret_key, first.pin_pepper, first.callback_secret}) == 3
    # 256 bits in a URL's path are 43 characters of its alphabet.
    assert len(first.callback_secret) >= 43


def test_everything_made_lies_in_one_folder(tmp_path: Path) -> None:
    settings = load({"SOMITI_VAR": "books"})
    assert settings.database_url == f"sqlite:///{tmp_path / 'books' / 'somiti.db'}"
    assert [path.name for path in tmp_path.iterdir()] == ["books"]


def test_a_given_secret_is_used_and_not_kept(tmp_path: Path) -> None:
    assert load({"PIN_PEPPER": LONG["PIN_PEPPER"]}).pin_pepper == LONG["PIN_PEPPER"]
    assert not (tmp_path / "var" / "secrets" / "pin_pepper").exists()


def test_processes_that_start_together_agree_on_the_secrets(tmp_path: Path) -> None:
    script = "from gateway.settings import load; s = load({}); print(s.secret_key, s.pin_pepper, s.callback_secret)"
    here = str(Path(__file__).parents[1])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=tmp_path, env={**os.environ, "PYTHONPATH": here}
        )
        for _ in range(8)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
    assert sorted(path.name for path in (tmp_path / "var" / "secrets").iterdir()) == sorted(map(str.lower, LONG))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"DATABASE_URL": "postgres://u@h/d"}, {"database_url": "postgresql+psycopg://u@h/d", "embedded": False}),
        ({"DATABASE_URL": "postgresql://u@h,i/d?x=1"}, {"database_url": "postgresql+psycopg://u@h,i/d?x=1"}),
        ({"DATABASE_URL": "postgresql+psycopg://u@h/d"}, {"database_url": "postgresql+psycopg://u@h/d"}),
        ({"DATABASE_URL": "sqlite:////srv/b.db"}, {"database_url": "sqlite:////srv/b.db", "embedded": True}),
        ({"DATABASE_URL": "sqlite:////srv/b.db", "REDIS_URL": "redis://h"}, {"embedded": False}),
        ({"DATABASE_URL": "", "SMS_PROVIDERS": " ", "AT_API_KEY": ""}, {"embedded": True, "at_api_key": ""}),
        ({"SECRET_KEY": f" {LONG['SECRET_KEY']}\n"}, {"secret_key": LONG["SECRET_KEY"]}),
        ({"SECRET_KEY": "short", "PIN_PEPPER": "x" * 31}, {"weak_secrets": ("SECRET_KEY", "PIN_PEPPER")}),
        ({"CALLBACK_SECRET": "aB9-_.~!$&'()*+,;=:@"}, {"callback_secret": "aB9-_.~!$&'()*+,;=:@"}),
        ({"USSD_CODE": "*247#"}, {"ussd_code": "*247#"}),
        (AT, {"sms_providers": ("africastalking",), "simulator": False, "at_sender_id": ""}),
        (AT | {"AT_SENDER_ID": "SOMITI"}, {"at_sender_id": "SOMITI"}),
        (AT | {"SIMULATOR": "1"}, {"simulator": True}),
        (AT | {"SMS_PROVIDERS": "africastalking, simulator"}, {"sms_providers": ("africastalking", "simulator")}),
        (AT | {"SMS_PROVIDERS": "simulator,africastalking"}, {"simulator": False}),
        ({"SIMULATOR": "0"}, {"simulator": False}),
        (SSL, {"sms_providers": ("sslwireless",), "sslwireless_sid": "SHAPLA", "sslwireless_url": ""}),
        (SSL | {"SSLWIRELESS_URL": "https://h/x"}, {"sslwireless_url": "https://h/x"}),
        (BDAPPS, {"sms_providers": ("bdapps",), "bdapps_application_id": "APP_1", "bdapps_sender": ""}),
        (BDAPPS | {"SMS_PROVIDERS": ""}, {"sms_providers": ("simulator",), "bdapps_application_id": "APP_1"}),
        (SMPP, {"sms_providers": ("smpp",), "smpp_url": "smpps://shapla:hush@smsc.example:3550"}),
        ({"AT_USERNAME": "not needed"}, {"at_username": "not needed", "sms_providers": ("simulator",)}),
    ],
)
def test_what_is_given_is_taken(given: dict[str, str], wanted: dict[str, object]) -> None:
    settings = load({**LONG, **given})
    assert {name: getattr(settings, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (SERVER, ["SECRET_KEY is missing", "PIN_PEPPER is missing", "CALLBACK_SECRET is missing"]),
        (SERVER | LONG | {"PIN_PEPPER": ""}, ["PIN_PEPPER is missing"]),
        ({"REDIS_URL": "redis://h"} | LONG | {"SECRET_KEY": " "}, ["SECRET_KEY is missing"]),
        ({"SMS_PROVIDERS": "africastalking"}, ["AT_USERNAME is missing", "AT_API_KEY is missing"]),
        (AT | {"AT_API_KEY": ""}, ["AT_API_KEY is missing"]),
        ({"SMS_PROVIDERS": "simulator,carrier-pigeon"}, ["SMS_PROVIDERS knows no 'carrier-pigeon'"]),
        ({"SMS_PROVIDERS": "simulator,"}, ["SMS_PROVIDERS knows no ''"]),
        (LONG | {"DATABASE_URL": "mysql://h/d"}, ["DATABASE_URL must be"]),
        ({"DATABASE_URL": "sqlite://"}, ["DATABASE_URL must be"]),
        ({"DATABASE_URL": "sqlite:///:memory:"}, ["DATABASE_URL must be"]),
        (LONG | {"DATABASE_URL": "postgresql+psycopg2://h/d"}, ["DATABASE_URL must be"]),
        (LONG | {"REDIS_URL": "localhost:6379"}, ["REDIS_URL must be"]),
        ({"CALLBACK_SECRET": "with/slash"}, ["CALLBACK_SECRET must be"]),
        ({"USSD_CODE": "384"}, ["USSD_CODE must be"]),
        ({"SIMULATOR": "yes"}, ["SIMULATOR must be"]),
        ({"SMS_PROVIDERS": "sslwireless"}, ["SSLWIRELESS_TOKEN is missing", "SSLWIRELESS_SID is missing"]),
        ({"SMS_PROVIDERS": "bdapps"}, ["BDAPPS_APPLICATION_ID is missing", "BDAPPS_PASSWORD is missing"]),
        ({"BDAPPS_APPLICATION_ID": "APP_1"}, ["BDAPPS_PASSWORD is missing"]),
        (SMPP | {"SMPP_URL": ""}, ["SMPP_URL is missing"]),
        (SMPP | {"SMPP_URL": "smpp://smsc.example"}, ["SMPP_URL must be"]),
        (AT | {"AT_URL": "localhost:8900"}, ["AT_URL must be"]),
        (
            SERVER | {"SMS_PROVIDERS": "africastalking", "USSD_CODE": "#"},
            ["USSD_CODE", "SECRET_KEY", "PIN_PEPPER", "CALLBACK_SECRET", "AT_USERNAME", "AT_API_KEY"],
        ),
    ],
)
def test_what_will_not_do_is_named_all_at_once(given: dict[str, str], told: list[str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(given)
    assert [part for part in told if part not in str(refused.value)] == []
    assert str(refused.value).count(";") == len(told) - 1
    assert list(tmp_path.iterdir()) == []


def test_no_secret_is_shown() -> None:
    given = SERVER | LONG | AT | SSL | BDAPPS | SMPP | {"SMS_PROVIDERS": "africastalking,sslwireless,bdapps"}
    shown = repr(load(given))
    assert {"hush", "atsk_hush", "ssl_hush", "bd_hush"} <= set(load(given).hidden)
    with pytest.raises(SettingsError) as refused:
        load(given | {"DATABASE_URL": "mysql://root:hush@h/d", "CALLBACK_SECRET": "hush/hush"})
    for secret in ["hush", *LONG.values()]:
        assert secret not in shown
        assert secret not in str(refused.value)


def test_settings_do_not_change() -> None:
    settings = load({})
    with pytest.raises(AttributeError):
        settings.ussd_code = "*1#"  # type: ignore[misc]
    assert replace(settings, ussd_code="*1#") != settings


def test_every_provider_says_what_it_needs() -> None:
    assert set(PROVIDER_NEEDS) == set(PROVIDERS)
    names = {field.upper() for field in Settings.__dataclass_fields__}
    assert {name for needs in PROVIDER_NEEDS.values() for name in needs} <= names


@pytest.mark.parametrize(
    ("name", "value", "field", "read"),
    [
        ("SMS_RATES", "", "sms_rates", {}),
        ("SMS_RATES", "africastalking=20, sslwireless=1000", "sms_rates", {"africastalking": 20, "sslwireless": 1000}),
        ("SMS_PRICES", "", "sms_prices", {}),
        ("SMS_PRICES", "sslwireless=0.25 BDT", "sms_prices", {"sslwireless": Price(2_500, "BDT")}),
        ("SMS_PRICES", "africastalking=12 KES", "sms_prices", {"africastalking": Price(120_000, "KES")}),
        ("SMS_PRICES", "bdapps=0.0199INR,", "sms_prices", None),
        ("SMS_KEEP_DAYS", "", "sms_keep_days", 7),
        ("SMS_KEEP_DAYS", "30", "sms_keep_days", 30),
        ("DLT_FILE", "", "dlt_file", None),
        ("DLT_FILE", "dlt.csv", "dlt_file", Path("dlt.csv")),
    ],
)
def test_what_is_set_for_sms(name: str, value: str, field: str, read: object) -> None:
    if read is None and value:
        with pytest.raises(SettingsError):
            load({name: value})
    else:
        assert getattr(load({name: value}), field) == read


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMS_RATES", "nobody=20", "SMS_RATES must be a list as simulator=20"),
        ("SMS_RATES", "simulator=0", "SMS_RATES must be a list"),
        ("SMS_RATES", "simulator", "SMS_RATES must be a list"),
        ("SMS_PRICES", "simulator=1.23456 BDT", "SMS_PRICES must be a list as simulator=0.35 BDT"),
        ("SMS_PRICES", "simulator=-1 BDT", "SMS_PRICES must be a list"),
        ("SMS_PRICES", "simulator=1", "SMS_PRICES must be a list"),
        ("SMS_KEEP_DAYS", "0", "SMS_KEEP_DAYS must be a number of days"),
        ("SMS_KEEP_DAYS", "a week", "SMS_KEEP_DAYS must be a number of days"),
    ],
)
def test_what_is_set_wrongly_for_sms_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load({name: value})
