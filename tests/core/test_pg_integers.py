"""A number reaches the database whole or not at all, whatever type it is bound as."""

import pytest
from django.db import DataError, connection
from django.db.models import BigIntegerField, F, IntegerField, SmallIntegerField, Value

from appointments.models import OpenDay
from tests.factories.providers import ProviderFactory, ServiceFactory

pytestmark = pytest.mark.django_db
SIZES = {SmallIntegerField: 16, IntegerField: 32, BigIntegerField: 64}
only_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one size of integers")


@pytest.fixture
def day():
    return OpenDay.objects.create(provider=ProviderFactory(), day=9_557, early=2**48 - 1, late=2**47)


@pytest.mark.parametrize("field", SIZES)
def test_the_largest_and_smallest_numbers_of_each_size_come_back_as_they_went_in(day, field):
    numbers = [2 ** (SIZES[field] - 1) - 1, -(2 ** (SIZES[field] - 1)), 0, 1, -1]

    found = [
        OpenDay.objects.annotate(number=Value(number, output_field=field())).values_list("number", flat=True).get()
        for number in numbers
    ]

    assert found == numbers


@only_postgres
@pytest.mark.parametrize("field", SIZES)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_is_too_long_for_the_type_it_is_bound_as_is_refused(day, field, sign):
    number = sign * (2 ** (SIZES[field] - 1) + 1)

    with pytest.raises(DataError, match=f"{number} does not fit into {SIZES[field]} bits"):
        list(OpenDay.objects.annotate(number=Value(number, output_field=field())).values_list("number"))


@only_postgres
def test_a_number_without_a_field_is_refused_where_it_would_be_cut(day):
    mask = OpenDay.objects.annotate(hit=F("early").bitand(2**40)).values_list("hit", flat=True)

    with pytest.raises(DataError, match="1099511627776 does not fit into 32 bits"):
        mask.get()


@only_postgres
def test_a_row_with_a_number_too_long_for_its_column_is_not_written(day):
    service = ServiceFactory()

    with pytest.raises(DataError, match="65541 does not fit into 16 bits"):
        type(service).objects.filter(pk=service.pk).update(position=2**16 + 5)


def test_a_day_s_quarters_are_kept_to_the_last_bit(day):
    day.refresh_from_db()

    assert (day.early, day.late) == (2**48 - 1, 2**47)
