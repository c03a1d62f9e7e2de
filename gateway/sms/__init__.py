"""What happens to messages after the commit that wrote them, and what comes back.

choice delivery policy later   whether and by which provider one goes now; sending it; what may go again; what time does
receipts evidence unreached    delivery reports; what was heard of one message; whom none reached
settling                       what a person decides about a message in doubt
incoming inbound keywords      what providers tell us and phones send us
reminders timetable groups_told
                               what the clock tells, to whom and when, once
broadcasts audience pricing    sending to many: to whom, and what it would cost
"""
