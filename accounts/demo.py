"""The demo's people: staff and customers. Invented, every one; nobody can own an address under example.com."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import User
from core import clock
from core.demo import PASSWORD, Size

CUSTOMER = "amara@example.com"
STAFF = "staff@example.com"
WITH_GOOGLE = "leo@example.com"
SUSPENDED = "ivy@example.com"
LEAVING = "hazel@example.com"
PROGRAM = "juno.till"  # a username; the account has no address
# How long before today the people of the demo signed up.
MEMBERS_FOR = timedelta(days=120)

LONDON, BERLIN, NEW_YORK, KOLKATA, SYDNEY = (
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Sydney",
)


def is_seeded() -> bool:
    return User.objects.filter(email=STAFF).exists()


@transaction.atomic
def seed(size: Size) -> None:
    """Create staff, sixty customers, two who will be suspended and leave, and one made by a program, who has a username
    alone; the number ignores `size`."""
    password = make_password(PASSWORD)
    make_person(STAFF, "Staff", LONDON, password, is_staff=True, is_superuser=True)
    make_person(SUSPENDED, "Ivy Frost", LONDON, password)
    make_person(LEAVING, "Hazel Moor", LONDON, password)
    joined = clock.now() - MEMBERS_FOR
    User.objects.create(username=PROGRAM, name="Juno Park", time_zone=LONDON, password=password, joined_at=joined)
    zones = [LONDON] * 4 + [BERLIN, NEW_YORK, KOLKATA, SYDNEY]
    for number, (email, first, last) in enumerate(zip(customer_emails(), FIRST_NAMES, LAST_NAMES, strict=True)):
        zone = LONDON if number == 0 else zones[number % len(zones)]
        make_person(email, f"{first} {last}", zone, password)
    # Signs in with Google, too, though with an account that the pretend Google of the demo does not have.
    both_ways = User.objects.get(email=WITH_GOOGLE)
    SocialAccount.objects.create(
        user=both_ways, provider="google", uid="100000000000000000003", extra_data={"email": WITH_GOOGLE}
    )


def make_person(email: str, name: str, zone: str, password: str, **rights: Any) -> User:
    """A new account with a confirmed address; `password` is hashed already."""
    joined = clock.now() - MEMBERS_FOR
    user = User.objects.create(
        email=email,
        name=name,
        time_zone=zone,
        password=password,
        joined_at=joined,
        email_confirmed_at=joined,
        **rights,
    )
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def customers() -> list[User]:
    """The customers in the order of their names below. One query."""
    found = User.objects.in_bulk(customer_emails(), field_name="email")
    return [found[email] for email in customer_emails()]


def suspended() -> User:
    return User.objects.get(email=SUSPENDED)


def leaving() -> User:
    return User.objects.get(email=LEAVING)


def customer_emails() -> list[str]:
    return [f"{first.lower()}@example.com" for first in FIRST_NAMES]


FIRST_NAMES = [
    "Amara",
    "Leo",
    "Ines",
    "Sam",
    "Ruth",
    "Leila",
    "Ben",
    "Dana",
    "Yusuf",
    "Carla",
    "Peter",
    "Noor",
    "Tess",
    "Owen",
    "Mina",
    "Hugo",
    "Ana",
    "Ravi",
    "Chloe",
    "Idris",
    "Freya",
    "Kofi",
    "Elsa",
    "Marek",
    "Yara",
    "Femi",
    "Lotte",
    "Oscar",
    "Nina",
    "Tariq",
    "Maeve",
    "Jun",
    "Paula",
    "Silas",
    "Wren",
    "Aisha",
    "Bruno",
    "Cleo",
    "Dev",
    "Esme",
    "Finn",
    "Gita",
    "Hana",
    "Ivan",
    "Jade",
    "Kai",
    "Lena",
    "Milo",
    "Nora",
    "Otis",
    "Pia",
    "Quinn",
    "Rosa",
    "Seb",
    "Tara",
    "Uma",
    "Viggo",
    "Willa",
    "Xavi",
    "Zoe",
]
LAST_NAMES = [
    "Nwosu",
    "Grant",
    "Duarte",
    "Oyelaran",
    "Adler",
    "Farouk",
    "Whitcombe",
    "Kowalski",
    "Adeyemi",
    "Moretti",
    "Lang",
    "Haddad",
    "Byrne",
    "Price",
    "Sato",
    "Blanc",
    "Costa",
    "Menon",
    "Dubois",
    "Rahman",
    "Larsen",
    "Mensah",
    "Nyberg",
    "Zielinski",
    "Khoury",
    "Balogun",
    "Visser",
    "Lindholm",
    "Kramer",
    "Aziz",
    "Doyle",
    "Tanaka",
    "Romero",
    "Grady",
    "Ashby",
    "Siddiqui",
    "Alves",
    "Martin",
    "Sharma",
    "Fraser",
    "Keane",
    "Pillai",
    "Suzuki",
    "Horvat",
    "Miller",
    "Tan",
    "Vogel",
    "Rossi",
    "Berg",
    "Clarke",
    "Jensen",
    "Murphy",
    "Garcia",
    "Holt",
    "Singh",
    "Rao",
    "Nilsen",
    "Hart",
    "Serra",
    "Stone",
]
