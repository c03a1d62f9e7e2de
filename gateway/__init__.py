"""The outside world: wires, web, SMS, jobs, the command. The only layer that commits.

settings backend runtime     what the environment says; the mode; what a process holds open
transaction telling notices outbox
                             facts become messages in the commit they belong to
dialogues callbacks          USSD: a hop is answered exactly once
sms jobs                     sending, outside every transaction; workers and the clock
providers                    wires, one file each
simulator                    two handsets in a browser
office picking               what a hub's people do from the shell, and print
chance                       the system's source of codes and ids
demo                         the programme everybody can try
schema migrations            all tables
app cli                      the web application and the `somiti` command
"""
