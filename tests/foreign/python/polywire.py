# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""One end of a polywire connection over tcp, from docs/protocols.md and what protoc makes of
frame.proto.

Everything runs on one asyncio loop: what stands between two `await`s happens at once.
"""
import asyncio
import itertools
import logging
import re
from collections import deque, namedtuple

from frame_pb2 import Frame, Hello, Metadata, Status

PREFACE = bytes.fromhex("f0505701")
LAST, MORE, END, CANCEL = 1, 2, 4, 8
OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND = range(6)
PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE = 7, 8, 12, 13, 14
REJECTED = 1

DEFAULTS = Hello(max_message=4 << 20, max_calls=100, max_frame=64 << 10, call_credit=256 << 10,
                 connection_credit=1 << 20, max_subscriptions=1000)
# What we announce: little, so that it is felt.
MINE = Hello(max_message=2 << 20, max_calls=20, call_credit=64 << 10, connection_credit=256 << 10)

METHOD = re.compile(r"(?=.{3,255}$)\w+(\.\w+)*/\w+(\.\w+)*", re.ASCII)
PATTERN = re.compile(r"(?=.{1,255}$)(([\w-]+|\*)\.)*([\w-]+|\*|>)", re.ASCII)

Message = namedtuple("Message", "payload head topic")  # head: the frame with an event's fields


class Violation(Exception):
    """The peer broke a rule: a connection error."""


class CallFailed(Exception):
    def __init__(self, status):
        super().__init__(f"{status.code}: {status.message}")
        self.status = status


def failed(code, message, outcome=0):
    return Status(code=code, message=message, outcome=outcome)


def varint(number):
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def cost(frame):
    return len(frame.payload) + 32 if frame.HasField("payload") else 0


class Changes:
    """Waiting until something holds; whoever changes something calls `wake`."""

    def __init__(self):
        self.waiters = []

    async def until(self, holds):
        while not holds():
            waiter = asyncio.get_running_loop().create_future()
            self.waiters.append(waiter)
            await waiter

    def wake(self):
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class Call:
    """One call, at either end. The client opens and half-closes it, the server ends it."""

    def __init__(self, connection, opening):
        self.connection = connection
        self.opening = opening  # client: as long as it was not sent
        self.id, self.name, self.key, self.format = (opening.call, opening.name, opening.key,
                                                     opening.format)
        self.subscribe = opening.subscribe if opening.HasField("subscribe") else None
        self.metadata = {entry.key: entry.value for entry in opening.metadata}
        self.credit = connection.peer.call_credit  # what we may send
        self.window = connection.call_window       # what the peer may send
        self.owed = 0                              # taken, and not given back yet
        self.inbox = deque()                       # of (Message, cost): complete, not taken
        # Of the message that is coming:
        self.parts, self.size, self.head, self.unpaid = None, 0, None, 0
        self.initial, self.trailing, self.position = {}, {}, None
        self.seen_message = False
        self.received_all = False  # server: half-closed; client: ended, or given up
        self.over = False          # nothing more may be sent
        self.status = None         # how it ended
        self.task = self.timer = None

    # Sending

    async def send(self, payload, last=False, **head):
        """A message, in as many parts as frames and credit make of it."""
        peer = self.connection.peer
        if len(payload) > peer.max_message:
            why = failed(RESOURCE_EXHAUSTED, f"the peer takes {peer.max_message} bytes")
            if not self.connection.is_server:
                self.cancel(why)
            raise CallFailed(why)
        frame = Frame(call=self.id, **head)

        def part():
            opening = self.opening.ByteSize() if self.opening else 0
            # Nobody may wait for more than half of the initial credit.
            half = min(peer.call_credit, peer.connection_credit) // 2
            return min(len(payload) - sent, half - 32,
                       peer.max_frame - opening - frame.ByteSize() - 32)

        sent, first = 0, True
        while first or sent < len(payload):
            await self.connection.until(
                lambda: self.over or min(self.credit, self.connection.credit) >= part() + 32)
            if self.over:
                return
            size = part()
            frame.payload = payload[sent:sent + size]
            sent += size
            if sent < len(payload):
                frame.flags = MORE
                frame.message_size = len(payload) if first else 0
            elif last:
                frame.flags = LAST
            self.credit -= size + 32
            self.connection.credit -= size + 32
            self.send_frame(frame)
            await self.connection.flushed()  # another call's turn
            frame, first = Frame(call=self.id), False

    def send_frame(self, frame):
        if self.opening:
            frame.MergeFrom(self.opening)
            self.opening = None
        self.connection.bind(frame)
        self.connection.send(frame)

    def half_close(self):
        if not self.over:
            self.send_frame(Frame(call=self.id, flags=LAST))

    def cancel(self, status=None):
        """The client gives up: it is told at once, the id is free when the server's end comes."""
        if self.received_all:
            return
        if self.opening:
            del self.connection.calls[self.id]
        else:
            self.connection.send(Frame(call=self.id, flags=CANCEL))
        self.inbox.clear()
        self.finish(status or failed(CANCELLED, "cancelled"))

    def send_initial(self, metadata):
        self.send_frame(Frame(call=self.id, metadata=pairs(metadata)))

    def end(self, status=None):
        """The server ends it."""
        if self.over:
            return
        self.send_frame(Frame(call=self.id, flags=END, status=status,
                              metadata=pairs(self.trailing)))
        self.finish(status or Status())
        self.connection.remove(self)

    def abort(self, status):
        """The server ends it while its handler runs."""
        self.end(status)
        if self.task:
            self.task.cancel()

    def finish(self, status):
        self.status, self.over, self.received_all = status, True, True
        if self.timer:
            self.timer.cancel()
        self.connection.wake()

    # Receiving

    async def receive(self):
        """The next message, None behind the last one. What it cost goes back to the sender."""
        await self.connection.until(lambda: self.inbox or self.received_all)
        if not self.inbox:
            return None
        message, price = self.inbox.popleft()
        if not self.inbox:  # the next one, as far as it has come, has nothing before it any more
            price, self.unpaid = price + self.unpaid, 0
        self.give_back(price)
        return message

    async def finished(self):
        """How the call ended; messages that nobody took are dropped."""
        while await self.receive():
            pass
        return self.status

    def give_back(self, price):
        self.owed += price
        if not self.received_all and self.owed >= MINE.call_credit // 2:
            self.connection.send(Frame(call=self.id, credit=self.owed))
            self.window += self.owed
            self.owed = 0

    def on_frame(self, frame):
        server = self.connection.is_server
        if frame.flags & (END if server else LAST | CANCEL):
            raise Violation("a flag of the other side")
        if frame.flags & MORE and (frame.flags & (LAST | END | CANCEL)
                                   or not frame.HasField("payload")):
            raise Violation("`more` where it must not stand")
        topic = "" if server else self.connection.topic_of(frame)
        if server and frame.flags & CANCEL:
            return self.abort(failed(CANCELLED, "cancelled by the client"))
        if self.over and not server:  # given up: only its end is of interest
            if frame.flags & END:
                self.connection.remove(self)
            return None
        self.credit += frame.credit
        if self.credit >= 1 << 32:
            raise Violation("too much credit")
        if not server:
            self.on_head(frame)
        if frame.HasField("payload"):
            self.on_payload(frame, topic)
        if server and frame.flags & LAST:
            if self.received_all or self.parts is not None:
                raise Violation("a half-close where none may stand")
            self.received_all = True
        if frame.flags & END:
            self.trailing = {entry.key: entry.value for entry in frame.metadata}
            self.finish(frame.status)
            self.connection.remove(self)
        return None

    def on_head(self, frame):
        if frame.metadata and not frame.flags & END:
            if self.seen_message:
                raise Violation("initial metadata after a message")
            self.initial = {entry.key: entry.value for entry in frame.metadata}
        if frame.HasField("position"):
            if self.subscribe is None or self.position:
                raise Violation("a position that belongs nowhere")
            self.position = frame.position
        if frame.event:
            if self.position is None or self.head or self.parts is not None:
                raise Violation("an event that belongs nowhere")
            self.head = frame

    def on_payload(self, frame, topic):
        if self.received_all:
            raise Violation("a message after the half-close")
        self.window -= cost(frame)
        if self.window < 0:
            raise Violation("a payload without credit for its call")
        self.seen_message = True
        more = frame.flags & MORE
        if self.parts is None:
            self.parts, self.topic = bytearray(), topic
            self.size = frame.message_size if more else len(frame.payload)
            if self.subscribe is not None and self.head is None:
                raise Violation("a message of a subscription without `event`")
        if self.size > MINE.max_message:
            too_large = failed(RESOURCE_EXHAUSTED, f"the limit is {MINE.max_message} bytes")
            return self.abort(too_large) if self.connection.is_server else self.cancel(too_large)
        self.parts += frame.payload
        self.unpaid += cost(frame)
        if len(self.parts) > self.size or (not more and len(self.parts) < self.size):
            raise Violation("parts that do not add up")
        if not more:
            self.inbox.append((Message(bytes(self.parts), self.head, self.topic), self.unpaid))
            self.parts, self.head, self.unpaid = None, None, 0
        elif not self.inbox:
            price, self.unpaid = self.unpaid, 0
            self.give_back(price)
        return None


class Connection(Changes):
    """`serve(call)` makes it a server's: a coroutine that returns the status, or None for ok."""

    def __init__(self, reader, writer, serve=None, ping_interval=30):
        super().__init__()
        self.reader, self.writer, self.serve = reader, writer, serve
        self.is_server = serve is not None
        self.ping_interval = ping_interval
        self.calls = {}
        self.peer = Hello()
        self.peer.CopyFrom(DEFAULTS)
        self.credit = DEFAULTS.connection_credit
        # A client may open calls before it has read our hello; a server has always read ours.
        early = DEFAULTS if self.is_server else MINE
        self.window = max(early.connection_credit, MINE.connection_credit)
        self.call_window = max(early.call_credit, MINE.call_credit)
        self.owed = 0
        self.numbers = {}  # name -> number that we have bound
        self.names = {}    # number -> name that the peer has bound
        self.greeted = self.draining = self.closed = False
        self.goodbye = None
        self.pings, self.pongs = [], []  # what has come
        writer.write(PREFACE)
        self.send(Frame(hello=MINE))

    @classmethod
    async def connect(cls, host, port, **options):
        connection = cls(*await asyncio.open_connection(host, port), **options)
        connection.running = asyncio.create_task(connection.run())
        return connection

    async def open(self, name, metadata=None, timeout=None, **fields):
        """A call; its opening leaves with the first message, or with the half-close."""
        def counted(call):
            return (call.subscribe is None) == ("subscribe" not in fields)

        most = self.peer.max_subscriptions if "subscribe" in fields else self.peer.max_calls
        await self.until(lambda: self.closed or
                         sum(map(counted, self.calls.values())) < most)
        if self.closed:
            raise CallFailed(failed(UNAVAILABLE, "the connection is closed", REJECTED))
        number = next(n for n in itertools.count(1) if n not in self.calls)
        opening = Frame(call=number, name=name, metadata=pairs(metadata or {}), **fields)
        call = self.calls[number] = Call(self, opening)
        if timeout is not None:
            opening.timeout_us = int(timeout * 1e6)
            call.timer = asyncio.get_running_loop().call_later(
                timeout, call.cancel, failed(DEADLINE_EXCEEDED, "the deadline has passed"))
        return call

    def bind(self, frame):
        """Puts a number in place of a name that the peer knows, or binds one."""
        if frame.name in self.numbers:
            frame.method, frame.name = self.numbers[frame.name], ""
        elif frame.name and len(self.numbers) < 1024:
            frame.method = self.numbers[frame.name] = len(self.numbers) + 1

    def topic_of(self, frame):
        """The name that a frame means, by itself or by number."""
        if frame.method and frame.name:
            if frame.method in self.names or frame.method > 1024:
                raise Violation(f"number {frame.method} cannot be bound")
            self.names[frame.method] = frame.name
        if frame.method and frame.method not in self.names:
            raise Violation(f"number {frame.method} is not bound")
        return self.names[frame.method] if frame.method else frame.name

    def send(self, frame):
        data = frame.SerializeToString()
        self.writer.write(varint(len(data)) + data)

    async def flushed(self):
        try:
            await self.writer.drain()
        except OSError:
            pass  # the reader notices
        await asyncio.sleep(0)

    def drain(self):
        """Takes, or makes, no more calls, and closes behind the last one."""
        self.draining = True
        self.send(Frame(goodbye=Status()))
        self.close_if_done()

    def remove(self, call):
        self.calls.pop(call.id, None)
        self.close_if_done()
        self.wake()

    def close_if_done(self):
        if self.draining and all(call.subscribe is not None for call in self.calls.values()):
            for call in list(self.calls.values()):  # subscriptions would go on for ever
                if self.is_server:
                    call.abort(failed(UNAVAILABLE, "the server stops"))
                else:
                    call.cancel()
            if not self.calls:
                self.writer.close()

    async def run(self):
        """Reads until the connection is over."""
        lost = failed(UNAVAILABLE, "the connection was lost")
        try:
            await self.read_frames()
        except Violation as broken:
            lost = failed(INVALID_ARGUMENT, str(broken))
            self.send(Frame(goodbye=lost))
        except OSError:
            pass
        if self.goodbye and self.goodbye.code:
            lost.outcome = self.goodbye.outcome
        self.closed = True
        self.writer.close()
        for call in list(self.calls.values()):
            call.finish(lost)
            if call.task:
                call.task.cancel()
        self.calls.clear()
        self.wake()
        return lost

    async def read_frames(self):
        data, greeted, silent = bytearray(), False, 0
        while True:
            try:
                more = await asyncio.wait_for(self.reader.read(1 << 16), self.ping_interval)
            except asyncio.TimeoutError:
                silent += 1
                if silent == 3:
                    return
                self.send(Frame(ping=silent))
                continue
            if not more:
                return
            silent = 0
            data += more
            if not greeted:
                if not PREFACE.startswith(data[:4]):
                    raise Violation("not the preface")
                if len(data) < 4:
                    continue
                greeted = True
                del data[:4]
            while (frame := take_frame(data)) is not None:
                self.on_frame(frame)
            self.wake()

    def on_frame(self, frame):
        if frame.HasField("hello") == self.greeted:
            raise Violation("the first frame is the hello, and no other")
        if frame.call == 0:
            if frame.HasField("payload"):
                raise Violation("a payload without a call")
            return self.on_connection_frame(frame)
        self.window -= cost(frame)
        if self.window < 0:
            raise Violation("a payload without credit for the connection")
        self.owed += cost(frame)
        if self.owed >= MINE.connection_credit // 2:
            self.send(Frame(credit=self.owed))
            self.window += self.owed
            self.owed = 0
        call = self.calls.get(frame.call)
        if self.is_server and (frame.method or frame.name):
            if call:
                raise Violation(f"call {frame.call} is open already")
            return self.on_opening(frame)
        if call:
            return call.on_frame(frame)
        if not self.is_server:
            raise Violation(f"call {frame.call} is not open")
        return None  # it ended before this frame came

    def on_connection_frame(self, frame):
        if frame.HasField("hello"):
            self.greeted = True
            was = Hello()
            was.CopyFrom(self.peer)
            if frame.hello.max_frame < 16 << 10:
                frame.hello.ClearField("max_frame")
            self.peer.MergeFrom(frame.hello)  # a field that is 0 changes nothing
            self.credit += self.peer.connection_credit - was.connection_credit
            for call in self.calls.values():
                call.credit += self.peer.call_credit - was.call_credit
        if frame.HasField("ping"):
            self.pings.append(frame.ping)
            self.send(Frame(pong=frame.ping))
        if frame.HasField("pong"):
            self.pongs.append(frame.pong)
        if frame.HasField("goodbye"):
            self.goodbye = frame.goodbye
        self.credit += frame.credit
        if self.credit >= 1 << 32:
            raise Violation("too much credit")

    def on_opening(self, frame):
        frame.name = self.topic_of(frame)
        call = Call(self, frame)
        call.opening = None
        subscriptions = sum(other.subscribe is not None for other in self.calls.values())
        if frame.format > 3:
            raise Violation(f"format {frame.format} is not known")
        well_formed = (METHOD if "/" in frame.name else PATTERN).fullmatch(frame.name)
        wish = call.subscribe
        if wish is not None and ("/" in frame.name or not well_formed
                                 or getattr(wish, "from") > 3 or wish.overflow > 3):
            raise Violation("no such subscription")
        refused = None
        if self.draining:
            refused = failed(UNAVAILABLE, "the server stops", REJECTED)
        elif not well_formed:
            refused = failed(UNIMPLEMENTED, "a malformed name", REJECTED)
        elif call.subscribe is None and len(self.calls) - subscriptions >= MINE.max_calls:
            refused = failed(RESOURCE_EXHAUSTED, "too many calls", REJECTED)
        elif call.subscribe is not None and subscriptions >= DEFAULTS.max_subscriptions:
            refused = failed(RESOURCE_EXHAUSTED, "too many subscriptions", REJECTED)
        if refused:
            return call.end(refused)
        self.calls[frame.call] = call
        call.on_frame(frame)
        if not call.over:
            if frame.HasField("timeout_us"):
                call.timer = asyncio.get_running_loop().call_later(
                    frame.timeout_us / 1e6, call.abort,
                    failed(DEADLINE_EXCEEDED, "the deadline has passed"))
            call.task = asyncio.create_task(self.handle(call))
        return None

    async def handle(self, call):
        try:
            status = await self.serve(call)
        except CallFailed as why:
            status = why.status
        except Exception:
            logging.exception("the handler of %s failed", call.name)
            status = failed(INTERNAL, "the handler failed")
        call.end(status)


def pairs(metadata):
    return [Metadata(key=key, value=value) for key, value in metadata.items()]


def take_frame(data):
    """Takes one frame off the front of the bytes, None as long as it is not complete."""
    size = used = 0
    while True:
        if used == 5:
            raise Violation("a length of more than 5 bytes")
        if used == len(data):
            return None
        size |= (data[used] & 0x7f) << 7 * used
        used += 1
        if data[used - 1] < 0x80:
            break
    if size > DEFAULTS.max_frame:
        raise Violation(f"a frame of {size} bytes")
    if len(data) < used + size:
        return None
    try:
        frame = Frame.FromString(bytes(data[used:used + size]))
    except Exception as broken:
        raise Violation("a malformed frame") from broken
    del data[:used + size]
    return frame
