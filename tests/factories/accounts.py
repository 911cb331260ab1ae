import factory

from accounts.models import User
from core import clock


class UserFactory(factory.django.DjangoModelFactory):
    """A person with a confirmed address, in London. The password is `correct horse battery`."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    time_zone = "Europe/London"
    email_confirmed_at = factory.LazyFunction(clock.now)
    password = factory.django.Password("correct horse battery")
