"""Providers: one file translates one wire, and these tables are all the providers there are.

A new one is a file here, a row in the tables below, and its names in `settings.PROVIDER_NEEDS`: docs/add-a-provider.md.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping

from gateway.providers.africastalking import AfricasTalkingCallbacks
from gateway.providers.africastalking import AfricasTalkingSms
from gateway.providers.africastalking import AfricasTalkingUssd
from gateway.providers.bdapps import BdappsCallbacks
from gateway.providers.bdapps import BdappsSms
from gateway.providers.bdapps import BdappsUssd
from gateway.providers.contract import SmsCallbacks
from gateway.providers.contract import SmsProvider
from gateway.providers.contract import UssdProvider
from gateway.providers.simulator import Simulator
from gateway.providers.sslwireless import SslWireless
from gateway.settings import Settings


def _simulator(settings: Settings) -> SmsProvider:
    return Simulator()


def _africastalking(settings: Settings) -> SmsProvider:
    base = f"{settings.at_url.rstrip('/')}/version1" if settings.at_url else ""
    return AfricasTalkingSms(settings.at_username, settings.at_api_key, settings.at_sender_id, base_url=base)


def _sslwireless(settings: Settings) -> SmsProvider:
    return SslWireless(settings.sslwireless_token, settings.sslwireless_sid, url=settings.sslwireless_url)


def _bdapps(settings: Settings) -> SmsProvider:
    return BdappsSms(
        settings.bdapps_application_id, settings.bdapps_password, settings.bdapps_sender, url=settings.bdapps_url
    )


def _smpp(settings: Settings) -> SmsProvider:
    # An extra: its library is there only where it is wanted, and `settings` has looked.
    from gateway.providers.smpp import Smpp

    return Smpp(settings.smpp_url, settings.smpp_sender)


def _bdapps_ussd(settings: Settings) -> UssdProvider:
    return BdappsUssd(
        settings.bdapps_application_id, settings.bdapps_password, settings.ussd_code, url=settings.bdapps_url
    )


PROVIDERS: Mapping[str, Callable[[Settings], SmsProvider]] = {
    "simulator": _simulator,
    "africastalking": _africastalking,
    "sslwireless": _sslwireless,
    "bdapps": _bdapps,
    "smpp": _smpp,
}
"""SMS: the name in SMS_PROVIDERS and what makes its provider."""

USSD: Mapping[str, Callable[[Settings], UssdProvider]] = {
    "africastalking": lambda settings: AfricasTalkingUssd(),
    "bdapps": _bdapps_ussd,
}
"""USSD: the name in the callback path and what makes its wire."""

CALLBACKS: Mapping[str, Callable[[Settings], SmsCallbacks]] = {
    "africastalking": lambda settings: AfricasTalkingCallbacks(),
    "bdapps": lambda settings: BdappsCallbacks(settings.bdapps_application_id),
}
"""Receipts and inbound SMS over HTTP: the name in the callback path and what makes its reader.

SSL Wireless tells none, SMPP tells them over its own wire (`Smpp.listen`).
"""


def ussd_wires(settings: Settings) -> Mapping[str, UssdProvider]:
    """The USSD wires that are served: bdapps' only with an account, because its screens are calls of ours."""
    served = [name for name in USSD if name != "bdapps" or settings.bdapps_application_id]
    return {name: USSD[name](settings) for name in served}
