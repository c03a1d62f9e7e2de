"""The outbox: every message as a row, written with what it tells and claimed, sent and settled afterwards.

A message moves only along `NEXT`, by one UPDATE that names the states it may come from: that is the lock.

states   where a message can be, and every move
tables   messages and attempts
sending  until the provider has it
reports  what is heard of it afterwards
reading  what people look at
by_month messages of each month by provider and state, as reports read them
listing  what the office lists and opens
troubled what waits there for somebody: in doubt, or failed lately
many     messages that were sent together
"""

from __future__ import annotations

from gateway.outbox.listing import Listed as Listed
from gateway.outbox.listing import Tried as Tried
from gateway.outbox.listing import Wanted as Wanted
from gateway.outbox.listing import Whole as Whole
from gateway.outbox.listing import attempts as attempts
from gateway.outbox.listing import page as page
from gateway.outbox.listing import whole as whole
from gateway.outbox.many import Counted as Counted
from gateway.outbox.many import Together as Together
from gateway.outbox.many import counted as counted
from gateway.outbox.many import give_up_all as give_up_all
from gateway.outbox.many import put_off as put_off
from gateway.outbox.many import reached as reached
from gateway.outbox.reading import InDoubt as InDoubt
from gateway.outbox.reading import Queue as Queue
from gateway.outbox.reading import Sum as Sum
from gateway.outbox.reading import blank as blank
from gateway.outbox.reading import by_state as by_state
from gateway.outbox.reading import counts as counts
from gateway.outbox.reading import depth as depth
from gateway.outbox.reading import in_doubt as in_doubt
from gateway.outbox.reading import recent as recent
from gateway.outbox.reading import sums as sums
from gateway.outbox.reports import Doubt as Doubt
from gateway.outbox.reports import Held as Held
from gateway.outbox.reports import Unsure as Unsure
from gateway.outbox.reports import close as close
from gateway.outbox.reports import fall_silent as fall_silent
from gateway.outbox.reports import held as held
from gateway.outbox.reports import infer as infer
from gateway.outbox.reports import repeat as repeat
from gateway.outbox.reports import report as report
from gateway.outbox.reports import send_again as send_again
from gateway.outbox.reports import unsure as unsure
from gateway.outbox.reports import without_id as without_id
from gateway.outbox.sending import LEASE as LEASE
from gateway.outbox.sending import claim as claim
from gateway.outbox.sending import due as due
from gateway.outbox.sending import expire as expire
from gateway.outbox.sending import give_up as give_up
from gateway.outbox.sending import lapsed as lapsed
from gateway.outbox.sending import postpone as postpone
from gateway.outbox.sending import queue as queue
from gateway.outbox.sending import settle as settle
from gateway.outbox.sending import waiting as waiting
from gateway.outbox.states import ARRIVED as ARRIVED
from gateway.outbox.states import NEXT as NEXT
from gateway.outbox.states import ON_ITS_WAY as ON_ITS_WAY
from gateway.outbox.states import SOURCES as SOURCES
from gateway.outbox.states import State as State
from gateway.outbox.tables import Claim as Claim
from gateway.outbox.tables import Draft as Draft
from gateway.outbox.tables import Message as Message
from gateway.outbox.tables import Settlement as Settlement
from gateway.outbox.tables import Try as Try
from gateway.outbox.tables import Waiting as Waiting
from gateway.outbox.tables import attempt_table as attempt_table
from gateway.outbox.tables import message_table as message_table
