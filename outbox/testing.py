"""Help for tests of other apps: running the published messages at once."""

from outbox import dispatch
from outbox.models import Message
from outbox.registry import handlers


def deliver(topic: str | None = None) -> list[Message]:
    """Run the handlers of all due messages (of one topic), oldest first, and of the messages they publish in turn.

    An exception of a handler reaches the test. Returns the messages delivered, in order.
    """
    delivered = []
    due = Message.objects.due() if topic is None else Message.objects.due().filter(topic=topic)
    while message := due.first():
        dispatch.lease(message)
        handlers[message.topic](message.payload, message=message)
        dispatch.finish(message)
        delivered.append(message)
    return delivered
