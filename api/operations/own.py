"""What a provider's own operations have in common: their page, and the names by which refusals tell of fields."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from api.calls import Call
from api.errors import FieldError, Problem, not_found
from providers import queries
from providers.exceptions import HoursRefused, RangeProblem
from providers.models import MOST_RANGES_A_DAY, Provider

# The fields of models, by the names that programs know them by.
NAMES = {
    "duration_minutes": "minutes",
    "buffer_before_minutes": "buffer_before",
    "buffer_after_minutes": "buffer_after",
    "slot_interval_minutes": "interval",
    "start_on": "from_date",
    "end_on": "to_date",
    NON_FIELD_ERRORS: "",
}


def provider(call: Call) -> Provider:
    """The person's own page, draft or not, with policy, category and person. Raises Problem `not-found`."""
    found = queries.provider_of(call.person)
    if found is None:
        raise not_found()
    call.shown_in(found.time_zone)
    return found


def place_of(name: str, place: int) -> str:
    """The field of one range in the list with this name; the list itself where there are too many."""
    return f"{name}.{place}" if place < MOST_RANGES_A_DAY else name


@contextmanager
def by_name(
    names: Mapping[str, str] = NAMES,
    ranges: Callable[[RangeProblem], str] = lambda problem: place_of("ranges", problem.place),
) -> Iterator[None]:
    """Tell refusals of fields and of ranges by the names that the caller used."""
    try:
        yield
    except HoursRefused as refusal:
        kind = refusal.problem or "invalid"
        errors = [FieldError(ranges(problem), kind, problem.sentence) for problem in refusal.problems]
        raise Problem(kind, str(refusal), errors=errors) from None
    except ValidationError as error:
        told = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        errors = [
            FieldError(names.get(field, field), "invalid", sentence)
            for field, sentences in told.items()
            for sentence in sentences
        ]
        raise Problem("invalid", " ".join(each.detail for each in errors), errors=errors) from None
