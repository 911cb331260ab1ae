from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.demo import CUSTOMER, LEAVING, PROGRAM, STAFF, SUSPENDED
from appointments.demo import google, pretend, scale
from appointments.search.index import measure_figures
from core import demo
from providers.demo import PROVIDER

LOGINS = f"""
These logins are for the demo only. Never use this data where anybody else can reach it.

    customer   {CUSTOMER:20} {demo.PASSWORD}
    provider   {PROVIDER:20} {demo.PASSWORD}
    staff      {STAFF:20} {demo.PASSWORD}   (the admin is at /admin/)
    suspended  {SUSPENDED:20} {demo.PASSWORD}   (reads why, and has appealed)
    leaving    {LEAVING:20} {demo.PASSWORD}   (deleted the account, and can still keep it)
    program    {PROGRAM:20} {demo.PASSWORD}   (a username without an address: for programs, at /api/token)
"""


class Command(BaseCommand):
    help = (
        "Fill an empty database with the demo, and connect calendars of it where the settings lead to a pretend Google;"
        " what is there already is left as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scale", type=int, default=0, metavar="N", help="add N providers with appointments")
        parser.add_argument("--logins", action="store_true", help="only print the logins of the demo")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["scale"] < 0:
            raise CommandError("--scale takes how many providers to add.")
        if not options["logins"]:
            if not demo.is_seeded():
                self.stdout.write("Filling the demo, which takes a moment…")
            demo.seed(demo.Size())
            if not google.is_seeded() and pretend.is_there():
                self.stdout.write("Connecting calendars at the pretend Google…")
                google.seed()
            if options["scale"]:
                scale.add(options["scale"])
                measure_figures()
        self.stdout.write(LOGINS)
