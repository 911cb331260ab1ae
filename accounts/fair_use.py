"""The figures of fair use: when cancelling is late, how long that counts, and at which number it suspends a person.

They are those of the whole platform. What follows from them is decided in `appointments.rules.fair_use`; they are
here because providers' pages name them, too.
"""

from datetime import timedelta

# Cancelling this long before the start or later is late; exactly this long is.
LATE_WITHIN = timedelta(hours=12)
COUNTED_FOR = timedelta(days=30)
LIMIT = 3
