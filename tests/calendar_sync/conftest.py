from .pretend import at_pretend_google, pretend_google  # noqa: F401 - fixtures
from .world import connected, morning, provider  # noqa: F401 - fixtures
