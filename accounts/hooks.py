"""Questions of accounts that higher apps answer."""

from accounts.models import User
from core.hooks import Question

# Asked in the transaction in which somebody stops taking part. What is ended stays ended if they come back.
acting_for_them = Question[[User], object]("What else acts for this person, and ends for good?")
# Asked in the transaction in which the address is confirmed.
address_confirmed = Question[[User], None]("What waits for this person's address to be confirmed?")
