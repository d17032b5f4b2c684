# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""Topics: a log for each, and subscriptions that are cursors into them.

Of the ways to overflow there is drop_oldest only, which is what a log that forgets does; no groups.
"""
import time
from collections import deque, namedtuple

from frame_pb2 import Frame, Position
from polywire import (INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, REJECTED, UNIMPLEMENTED,
                      CallFailed, Changes, failed)

NOW, EARLIEST, LAST_COUNT, AFTER = range(4)
EXACT, AT_LEAST, NOT_KNOWN = range(3)
Event = namedtuple("Event", "offset sequence topic key payload")


def is_wild(pattern):
    return "*" in pattern or ">" in pattern


def meet(pattern, other):
    """Whether there can be a topic that both take."""
    words, others = pattern.split("."), other.split(".")
    for word, another in zip(words, others):
        if ">" in (word, another):
            return True
        if word != another and "*" not in (word, another):
            return False
    return len(words) == len(others)


class Topic:
    def __init__(self, keep):
        self.log = deque(maxlen=keep)
        self.count = 0      # events so far: the sequence of the newest one
        self.forgotten = 0  # offset of the newest one that the log has dropped

    def next_after(self, offset):
        """The sequence of the first event behind this offset that is kept, or will come."""
        return next((e.sequence for e in self.log if e.offset > offset), self.count + 1)


class Hub(Changes):
    def __init__(self, keep):
        super().__init__()
        self.keep = keep
        self.epoch = time.time_ns() // 1000
        self.offset = 0
        self.offered = {}  # pattern -> whether clients may publish
        self.topics = {}

    def offer(self, pattern, accept_publish=True):
        self.offered[pattern] = accept_publish
        if not is_wild(pattern):
            self.topics[pattern] = Topic(self.keep)

    async def publish(self, call):
        """Serves a call that publishes."""
        offer = next((p for p in self.offered if meet(p, call.name)), None)
        if offer is None or is_wild(call.name):
            raise CallFailed(failed(NOT_FOUND, f"nobody offers {call.name}", REJECTED))
        if not self.offered[offer]:
            raise CallFailed(failed(PERMISSION_DENIED, "only the server publishes", REJECTED))
        message = await call.receive()
        if len(call.key) > 255 or call.format != 0 or message is None or await call.receive():
            raise CallFailed(failed(INVALID_ARGUMENT, "an event is one message, and a short key"))
        self.append(call.name, call.key, message.payload)

    def append(self, name, key, payload):
        topic = self.topics.setdefault(name, Topic(self.keep))
        if len(topic.log) == self.keep:
            topic.forgotten = topic.log[0].offset
        self.offset += 1
        topic.count += 1
        topic.log.append(Event(self.offset, topic.count, name, key, payload))
        self.wake()

    async def subscribe(self, call):
        """Serves a subscription until it is cancelled."""
        wish, pattern = call.subscribe, call.name
        wild = is_wild(pattern)
        if not any(meet(p, pattern) for p in self.offered):
            raise CallFailed(failed(NOT_FOUND, f"nobody offers {pattern}", REJECTED))
        if wish.group or wish.overflow:
            code = PERMISSION_DENIED if wish.overflow == 3 else UNIMPLEMENTED
            raise CallFailed(failed(code, "neither groups nor other overflows here", REJECTED))
        if call.format != 0 or await call.receive():
            raise CallFailed(failed(INVALID_ARGUMENT, "this topic is of protobuf"))

        def topics():
            return [topic for name, topic in self.topics.items() if meet(pattern, name)]

        kept = sorted(event for topic in topics() for event in topic.log)
        cursor, kind, lost = self.offset, EXACT, 0  # offset of the last event that it has
        start = getattr(wish, "from")
        anew = start == AFTER and wish.epoch != self.epoch
        if start == EARLIEST or anew:
            cursor = kept[0].offset - 1 if kept else self.offset
            kind = NOT_KNOWN if anew else EXACT
        elif start == LAST_COUNT and wish.count and kept:
            cursor = kept[-wish.count:][0].offset - 1
        elif start == AFTER:
            if wish.offset > self.offset:
                raise CallFailed(failed(INVALID_ARGUMENT, "that event is yet to come"))
            cursor = wish.offset
        expected = {id(topic): topic.next_after(cursor) for topic in topics()}
        position = Position(epoch=self.epoch, offset=cursor)
        for topic in topics() if start == AFTER and not anew else ():
            if topic.forgotten > cursor:  # how many it has missed only its own count can tell
                if not wild and 0 < wish.sequence <= expected[id(topic)]:
                    expected[id(topic)] = wish.sequence
                else:
                    lost, kind = lost + 1, AT_LEAST
        if not wild:
            topic = self.topics.get(pattern)
            position.sequence = expected[id(topic)] - lost if topic else 1
        call.send_frame(Frame(call=call.id, position=position))

        while True:
            def waiting():
                return [e for topic in topics() for e in topic.log if e.offset > cursor]

            await self.until(waiting)
            event = min(waiting())
            for topic in topics():
                first = topic.next_after(cursor)
                lost += first - expected.get(id(topic), 1)
                expected[id(topic)] = first + (topic is self.topics[event.topic])
            cursor = event.offset
            await call.send(event.payload, event=event.offset, key=event.key, lost=lost,
                            lost_kind=kind, name=event.topic if wild else "")
            lost, kind = 0, EXACT
