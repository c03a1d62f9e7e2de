"""Settings: what the environment says, read here and nowhere else, checked before anything starts."""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from urllib.parse import urlsplit

PROVIDER_NEEDS: Mapping[str, tuple[str, ...]] = {
    "simulator": (),
    "africastalking": ("AT_USERNAME", "AT_API_KEY"),
    "sslwireless": ("SSLWIRELESS_TOKEN", "SSLWIRELESS_SID"),
    "bdapps": ("BDAPPS_APPLICATION_ID", "BDAPPS_PASSWORD"),
    "smpp": ("SMPP_URL",),
}
"""The SMS providers there are, and the names each of them cannot do without."""

EXTRAS: Mapping[str, str] = {"smpp": "smpplib"}
"""A provider that is an extra of the same name, and the library that comes with it."""

ACCOUNTS = (
    "AT_USERNAME", "AT_API_KEY", "AT_SENDER_ID", "AT_URL",
    "SSLWIRELESS_TOKEN", "SSLWIRELESS_SID", "SSLWIRELESS_URL",
    "BDAPPS_APPLICATION_ID", "BDAPPS_PASSWORD", "BDAPPS_SENDER", "BDAPPS_URL",
    "SMPP_URL", "SMPP_SENDER",
)  # fmt: skip
"""What the providers' accounts are made of; each is a field of the settings."""

SECRETS = ("SECRET_KEY", "PIN_PEPPER", "CALLBACK_SECRET")
STRONG = 32
"""Characters below which a given secret is accepted with a warning."""

# 64 characters of 6 bits each: more than the 256 bits that a callback path needs.
_SECRET_BYTES = 48
# What may stand in one segment of a URL's path (RFC 3986, pchar) without being escaped.
_PATH_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~!$&'()*+,;=:@-]+")
_USSD_CODE = re.compile(r"\*[0-9][0-9*]{0,18}#")
_REDIS = re.compile(r"(rediss?|unix)://.+", re.DOTALL)
_HTTP = re.compile(r"https?://[^/]+(/.*)?")
_SMPP = re.compile(r"smpps?://[^:@/]+:[^@/]*@[^/]+/?")
_POSTGRESQL = re.compile(r"postgres(ql)?://")
_SWITCH = {"": None, "0": False, "1": True}
_RATE = re.compile(r"[1-9][0-9]{0,3}")
_PRICE = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,4}))? ?([A-Z]{3})")
_DAYS = re.compile(r"[1-9][0-9]{0,3}")
_PROXIES = re.compile(r"[0-9]")


@dataclass(frozen=True)
class Price:
    """What a provider takes for one part of an SMS, in ten-thousandths of the currency (ISO 4217)."""

    amount: int
    currency: str


class SettingsError(Exception):
    """The environment does not do; the text names every missing or bad name at once, and never a value."""


@dataclass(frozen=True)
class Settings:
    """How this process is to run; the repr shows no secret and no URL, because a URL may hold a password."""

    database_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    pin_pepper: str = field(repr=False)
    callback_secret: str = field(repr=False)
    var: Path
    redis_url: str | None = field(default=None, repr=False)
    ussd_code: str = "*384*27#"
    at_username: str = ""
    at_api_key: str = field(default="", repr=False)
    at_sender_id: str = ""
    at_url: str = ""
    sslwireless_token: str = field(default="", repr=False)
    sslwireless_sid: str = ""
    sslwireless_url: str = ""
    bdapps_application_id: str = ""
    bdapps_password: str = field(default="", repr=False)
    bdapps_sender: str = ""
    bdapps_url: str = ""
    smpp_url: str = field(default="", repr=False)
    smpp_sender: str = ""
    sms_providers: tuple[str, ...] = ("simulator",)
    sms_rates: Mapping[str, int] = field(default_factory=dict)
    sms_prices: Mapping[str, Price] = field(default_factory=dict)
    sms_keep_days: int = 7
    dlt_file: Path | None = None
    simulator: bool = True
    proxies: int = 0
    backup: Path | None = None
    metrics_token: str = field(default="", repr=False)

    @property
    def embedded(self) -> bool:
        """Whether one process does everything: SQLite, and no Redis."""
        return _embedded(self.database_url, self.redis_url)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Every text that no log may show: secrets, keys, and the passwords in the URLs."""
        passwords = (urlsplit(url).password for url in (self.database_url, self.redis_url or "", self.smpp_url))
        keys = (self.at_api_key, self.sslwireless_token, self.bdapps_password)
        known = (self.secret_key, self.pin_pepper, self.callback_secret, self.metrics_token, *keys, *passwords)
        return tuple(text for text in known if text)

    @property
    def weak_secrets(self) -> tuple[str, ...]:
        """The names of the secrets that are shorter than `STRONG` characters."""
        return tuple(name for name in SECRETS if len(getattr(self, name.lower())) < STRONG)


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings, in embedded mode making missing secrets; SettingsError names all that is wrong."""
    reading = _Reading(environ)
    var = Path(reading.text("SOMITI_VAR", "var")).absolute()
    database_url = reading.database(f"sqlite:///{var / 'somiti.db'}")
    redis_url = reading.matching("REDIS_URL", _REDIS, "a redis:// or rediss:// URL") or None
    given = {name: reading.text(name) for name in SECRETS}
    reading.matching("CALLBACK_SECRET", _PATH_SEGMENT, "letters, digits, - and _: it stands in a URL")
    providers = reading.providers()
    accounts = {name.lower(): reading.text(name) for name in ACCOUNTS}
    for name in ("AT_URL", "SSLWIRELESS_URL", "BDAPPS_URL"):
        reading.matching(name, _HTTP, "an http:// or https:// URL")
    reading.matching("SMPP_URL", _SMPP, "smpp://SYSTEM_ID:PASSWORD@HOST:PORT or smpps://…")
    rates = {name: int(rate[0]) for name, rate in reading.by_provider("SMS_RATES", _RATE, "20").items()}
    prices = {name: _price(price) for name, price in reading.by_provider("SMS_PRICES", _PRICE, "0.35 BDT").items()}
    keep_days = reading.matching("SMS_KEEP_DAYS", _DAYS, "a number of days") or str(Settings.sms_keep_days)
    dlt_file = reading.text("DLT_FILE")
    backup = reading.text("SOMITI_BACKUP")
    proxies = reading.matching("PROXIES", _PROXIES, "how many proxies of yours are in front: 0 to 9") or "0"
    simulator = reading.switch("SIMULATOR")
    ussd_code = reading.matching("USSD_CODE", _USSD_CODE, "a code such as *384*27#") or Settings.ussd_code
    embedded = _embedded(database_url, redis_url)
    reading.need(*(name for provider in providers for name in PROVIDER_NEEDS[provider]))
    if accounts["bdapps_application_id"]:
        # It serves USSD as well, whatever sends the SMS.
        reading.need(*PROVIDER_NEEDS["bdapps"])
    if not embedded:
        reading.need(*SECRETS)
    reading.finish()
    if embedded:
        try:
            var.mkdir(parents=True, exist_ok=True, mode=0o700)
            given = {name: value or _kept_secret(var / "secrets", name.lower()) for name, value in given.items()}
        except OSError as error:
            raise SettingsError(f"SOMITI_VAR: {error.strerror}") from None
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        secret_key=given["SECRET_KEY"],
        pin_pepper=given["PIN_PEPPER"],
        callback_secret=given["CALLBACK_SECRET"],
        ussd_code=ussd_code,
        sms_providers=providers,
        sms_rates=rates,
        sms_prices=prices,
        sms_keep_days=int(keep_days),
        dlt_file=Path(dlt_file) if dlt_file else None,
        simulator=providers == ("simulator",) if simulator is None else simulator,
        var=var,
        proxies=int(proxies),
        backup=Path(backup) if backup else None,
        metrics_token=reading.text("METRICS_TOKEN"),
        **accounts,
    )


def _embedded(database_url: str, redis_url: str | None) -> bool:
    return database_url.startswith("sqlite") and not redis_url


def _price(written: re.Match[str]) -> Price:
    return Price(int(written[1]) * 10_000 + int((written[2] or "").ljust(4, "0")), written[3])


class _Reading:
    """One pass over the environment that collects complaints instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._wrong: dict[str, str] = {}

    def text(self, name: str, otherwise: str = "") -> str:
        # An empty variable is a missing one: compose files and CI set those.
        return self._environ.get(name, "").strip() or otherwise

    def matching(self, name: str, shape: re.Pattern[str], wanted: str) -> str:
        value = self.text(name)
        if value and not shape.fullmatch(value):
            self._wrong[name] = f"must be {wanted}"
        return value

    def database(self, otherwise: str) -> str:
        url = _POSTGRESQL.sub("postgresql+psycopg://", self.text("DATABASE_URL", otherwise), count=1)
        if not url.startswith(("sqlite:///", "postgresql+psycopg://")) or url in (
            "sqlite:///",
            "sqlite:///:memory:",
        ):
            self._wrong["DATABASE_URL"] = "must be sqlite:///FILE or postgresql://…"
        return url

    def providers(self) -> tuple[str, ...]:
        names = [name.strip() for name in self.text("SMS_PROVIDERS", "simulator").split(",")]
        known = tuple(dict.fromkeys(name for name in names if name in PROVIDER_NEEDS))
        if unknown := [name for name in names if name not in PROVIDER_NEEDS]:
            self._wrong["SMS_PROVIDERS"] = f"knows no {', '.join(map(repr, unknown))}, only {', '.join(PROVIDER_NEEDS)}"
        for name in known:
            if name in EXTRAS and importlib.util.find_spec(EXTRAS[name]) is None:
                self._wrong["SMS_PROVIDERS"] = f"names {name}, which is an extra: pip install 'somiti[{name}]'"
        return known

    def by_provider(self, name: str, shape: re.Pattern[str], example: str) -> dict[str, re.Match[str]]:
        """A list as `africastalking=20,sslwireless=50`: what stands behind each provider."""
        found = {}
        for part in self.text(name).split(",") if self.text(name) else ():
            provider, _, value = (each.strip() for each in part.partition("="))
            match = shape.fullmatch(value)
            if provider not in PROVIDER_NEEDS or not match:
                self._wrong[name] = f"must be a list as {next(iter(PROVIDER_NEEDS))}={example}"
                return {}
            found[provider] = match
        return found

    def switch(self, name: str) -> bool | None:
        value = self.text(name)
        if value not in _SWITCH:
            self._wrong[name] = "must be 1 or 0"
        return _SWITCH.get(value)

    def need(self, *names: str) -> None:
        for name in names:
            if not self.text(name):
                self._wrong[name] = "is missing"

    def finish(self) -> None:
        if self._wrong:
            raise SettingsError("; ".join(f"{name} {complaint}" for name, complaint in self._wrong.items()))


def _kept_secret(folder: Path, name: str) -> str:
    """The secret of this name in `folder`, made by whichever process comes first (file mode 0600)."""
    path = folder / name
    folder.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        _offer(path, secrets.token_urlsafe(_SECRET_BYTES))
    secret = path.read_text().strip()
    if not secret:
        raise SettingsError(f"{name.upper()}: its file in the folder of secrets is empty")
    return secret


def _offer(path: Path, secret: str) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        # A link appears whole or not at all, and never replaces the secret of a process that was quicker.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
