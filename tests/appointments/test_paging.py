"""Lists in pages."""

import pytest

from accounts.models import User
from core.paging import PER_PAGE, page_of
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    UserFactory.create_batch(PER_PAGE + 3)
    return User.objects.order_by("pk")


@pytest.mark.every_case
@pytest.mark.parametrize(
    ("number", "shown", "queries"),
    [
        (None, 1, 1),
        ("1", 1, 1),
        ("2", 2, 1),
        ("3", 2, 3),
        ("0", 2, 2),
        ("", 1, 1),
        ("-1", 1, 1),
        ("two", 1, 1),
        ("9" * 400, 1, 1),
    ],
)
def test_a_page_brings_the_count_with_its_rows(people, django_assert_num_queries, number, shown, queries):
    with django_assert_num_queries(queries):
        page = page_of(people, number)
        rows = list(page)

    assert (page.number, page.paginator.count, page.paginator.num_pages) == (shown, PER_PAGE + 3, 2)
    assert rows == list(people)[(shown - 1) * PER_PAGE : shown * PER_PAGE]
    assert page.has_next() is (shown == 1)


def test_nothing_is_one_empty_page(django_assert_num_queries):
    with django_assert_num_queries(1):
        page = page_of(User.objects.order_by("pk"), None)

    assert (list(page), page.number, page.paginator.count, page.has_other_pages()) == ([], 1, 0, False)


def test_a_known_count_is_believed(people, django_assert_num_queries):
    with django_assert_num_queries(1):
        page = page_of(people, "2", count=PER_PAGE + 3)
        assert len(list(page)) == 3
