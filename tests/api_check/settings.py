"""The product's settings for a run of the check: no limit on how often somebody calls, and passwords that cost nothing.

What limits refuse, and what a password's hash costs, have tests of their own.
"""

from config.settings import *  # noqa: F403
from config.settings import ACCOUNT_RATE_LIMITS, LIMITS

LIMITS = {action: (10**9, seconds) for action, (_, seconds) in LIMITS.items()}
ACCOUNT_RATE_LIMITS = dict.fromkeys(ACCOUNT_RATE_LIMITS, "1000000/s/key")
MAX_OPEN_PER_CUSTOMER_AND_PROVIDER = 10**6
MAX_SERIES_PER_CUSTOMER_AND_PROVIDER = 10**6
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
