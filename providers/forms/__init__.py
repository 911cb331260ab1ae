from providers.forms.catalogue import FirstServiceForm, PolicyForm, ServiceForm

from .hours import OverrideForm, WeekForm
from .profile import ProfileForm

__all__ = ["FirstServiceForm", "OverrideForm", "PolicyForm", "ProfileForm", "ServiceForm", "WeekForm"]
