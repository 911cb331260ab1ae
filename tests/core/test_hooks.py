"""Questions of lower apps and parts of all apps: asked and listed in the order in which the apps answered."""

from core.hooks import Question, Registry


def test_a_question_nobody_answers_has_no_answer():
    question = Question[[int], str]("Which page?")

    assert (question.first(1), list(question.each(1))) == (None, [])


def test_the_first_answer_that_says_something_counts():
    question = Question[[int], str | None]("Which page?")
    question.answer(lambda number: None)
    question.answer(lambda number: f"page {number}")
    question.answer(lambda number: "another")

    assert question.first(7) == "page 7"
    assert list(question.each(7)) == [None, "page 7", "another"]


def test_an_answer_that_is_not_needed_is_not_asked_for():
    asked = []
    question = Question[[], bool]("May they?")
    question.answer(lambda: asked.append(1) or True)
    question.answer(lambda: asked.append(2) or True)

    assert any(question.each())
    assert asked == [1]


def test_an_app_that_starts_twice_answers_once():
    def page() -> str:
        return "page"

    question = Question[[], str]("Which page?")
    question.answer(page)
    question.answer(page)

    assert list(question.each()) == ["page"]


def test_parts_come_from_the_lowest_app_to_the_highest_and_back():
    parts = Registry[str]("Demo data")
    for part in ("accounts", "providers", "accounts", "appointments"):
        parts.add(part)

    assert list(parts) == ["accounts", "providers", "appointments"]
    assert list(reversed(parts)) == ["appointments", "providers", "accounts"]
