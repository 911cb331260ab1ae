from .hours import OverrideForm, WeekForm
from .offer import FirstServiceForm, PolicyForm, ServiceForm
from .profile import ProfileForm

__all__ = ["FirstServiceForm", "OverrideForm", "PolicyForm", "ProfileForm", "ServiceForm", "WeekForm"]
