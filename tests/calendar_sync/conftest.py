from .joining import makes_meet, online, talk  # noqa: F401 - fixtures
from .pretend import at_pretend_google, pretend_google  # noqa: F401 - fixtures
from .world import appointment, connected, morning, provider, service  # noqa: F401 - fixtures
