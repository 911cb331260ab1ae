from .hours import OverrideForm, WeekForm
from .offer import PolicyForm, ServiceForm
from .profile import ProfileForm

__all__ = ["OverrideForm", "PolicyForm", "ProfileForm", "ServiceForm", "WeekForm"]
