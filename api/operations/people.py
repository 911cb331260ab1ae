"""Operations on the person who asks."""

from api.calls import Call


def welcome(call: Call) -> dict[str, str | None]:
    """Greet the person who asks."""
    person = call.person
    return {"message": f"Welcome, {person.first_name}.", "username": person.username, "email": person.email}
