"""Times with their zone, on a 24-hour clock, because staff look after people in many zones."""

DATE_FORMAT = "D j M Y"
DATETIME_FORMAT = "D j M Y, H:i T"
TIME_FORMAT = "H:i"
