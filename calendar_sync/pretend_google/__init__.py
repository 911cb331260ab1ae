"""A stand-in for Google on this machine, for the demo and for tests: accounts, consent, tokens and Google Calendar.

    google.py            `Google`, the state: what accounts, tokens, calendars and events there are; no HTTP
    accounts, consent, tokens, signing, scopes          who somebody is, and what a client may do for them
    calendars, events, bodies, moments, recurrence      what stands in a calendar
    resources, listing, freebusy                        how it is answered, page by page and change by change
    keeping                                             the state in a file, for the demo
    channels, meet, faults                              news of changes, Meet links, and what goes wrong
    web/                 HTTP: a server on 127.0.0.1, its table of routes, pages and the door for tests

It uses the standard library, python-dateutil for recurrence rules, and cryptography for signatures; it knows nothing of
Django or of the product, and nothing of the product knows it but the command that starts it.
"""
