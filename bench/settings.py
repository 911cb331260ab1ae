"""The product's settings, with the twins' addresses added and no limit on how often one person books."""

from config.environment import BASE_DIR
from config.settings import *  # noqa: F403
from config.settings import LIMITS, TEMPLATES

ROOT_URLCONF = "bench.urls"
MAX_OPEN_PER_CUSTOMER_AND_PROVIDER = 10**9
MAX_SERIES_PER_CUSTOMER_AND_PROVIDER = 10**9
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates", BASE_DIR / "bench" / "templates"]
# One machine sends everything, and the limits' cost is to be measured, not their answer.
LIMITS = {action: (10**9, seconds) for action, (_, seconds) in LIMITS.items()}
