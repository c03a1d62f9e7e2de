"""The outside world: wires, web, SMS, jobs, the command. The only layer that commits.

settings backend runtime     what the environment says; the mode; what a process holds open
transaction telling notices outbox
                             facts become messages in the commit they belong to
dialogues callbacks          USSD: a hop is answered exactly once
past_calls recent_calls      what is left of calls, and those that run: screens by name, seconds, how they ended
sms jobs                     sending, outside every transaction; workers and the clock
books_checks operations metrics
                             how the installation does: the console's page, /health, /metrics
providers                    wires, one file each
simulator                    two handsets in a browser
office picking               what a hub's people do from the shell, and print
chance                       the system's source of codes and ids
demo                         the programme everybody can try
schema migrations            all tables
app cli                      the web application and the `somiti` command
"""
