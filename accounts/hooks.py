"""Questions of accounts that higher apps answer."""

from accounts.models import User
from core.hooks import Question

# Asked in the transaction in which the address is confirmed.
address_confirmed = Question[[User], None]("What waits for this person's address to be confirmed?")
