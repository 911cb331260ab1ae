"""The people who have an account, and the two whom a newcomer finds."""

from dataclasses import dataclass

from .refusals import OAuthRefusal


@dataclass
class Account:
    sub: str  # the only thing that never changes
    email: str
    name: str
    zone: str = "Europe/London"
    email_verified: bool = True
    has_calendar: bool = True  # False: an account without Google Calendar, which every call is told

    @property
    def given_name(self) -> str:
        return self.name.partition(" ")[0]

    @property
    def family_name(self) -> str:
        return self.name.rpartition(" ")[2]


class Accounts:
    def __init__(self) -> None:
        self._by_sub: dict[str, Account] = {}

    def __iter__(self):
        return iter(self._by_sub.values())

    def add(self, account: Account) -> Account:
        if account.sub in self._by_sub or self.find(account.email):
            raise ValueError(f"there is an account {account.email} already")
        self._by_sub[account.sub] = account
        return account

    def find(self, who: str) -> Account | None:
        """The account with this address or `sub`."""
        return self._by_sub.get(who) or next((one for one in self if one.email == who.lower()), None)

    def get(self, who: str) -> Account:
        if account := self.find(who):
            return account
        raise OAuthRefusal("invalid_request", f"There is no account {who} here.")


def demo_accounts() -> list[Account]:
    """One whose address is a provider's of the demo, and one whose address nobody has."""
    return [
        Account("100000000000000000001", "maya@example.com", "Maya Okafor"),
        Account("100000000000000000002", "robin@example.com", "Robin Haddad"),
    ]
