# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""What a client of foreign.v1.Peer can see; see `Service` in peer.py for what is served."""
import asyncio
import os
import traceback

from frame_pb2 import Frame, Subscribe
from hub import AFTER, EARLIEST, EXACT, LAST_COUNT, NOT_KNOWN, NOW
from note_pb2 import Note
from polywire import (CANCELLED, DEADLINE_EXCEEDED, INVALID_ARGUMENT, LAST, MINE, NOT_FOUND,
                      PERMISSION_DENIED, REJECTED, RESOURCE_EXHAUSTED, UNAVAILABLE, UNIMPLEMENTED,
                      CallFailed, Connection)

PEER = "foreign.v1.Peer/"
EVENTS = "foreign.v1.events"
# Numbers 99 (varint), 100 (fixed32), 101 (bytes), 102 (fixed64).
UNKNOWN_FIELDS = bytes.fromhex("98 06 07  a5 06 01020304  aa 06 03 616263  b1 06 0102030405060708")

all_checks = []


def check(function):
    all_checks.append(function)
    return function


def expect(got, wanted, what="it"):
    if got != wanted:
        raise AssertionError(f"{what} is {got!r}, not {wanted!r}")


async def start(connection, method, number=0, text="", **options):
    """Opens a call with one request."""
    call = await connection.open(PEER + method, **options)
    await call.send(Note(number=number, text=text).SerializeToString(), last=True)
    return call


async def reply_of(call):
    message = await call.receive()
    status = await call.finished()
    if status.code:
        raise CallFailed(status)
    return Note.FromString(message.payload)


async def unary(connection, method, number=0, text="", **options):
    return await reply_of(await start(connection, method, number, text, **options))


async def expect_failure(awaitable, code, outcome=None):
    try:
        await awaitable
    except CallFailed as why:
        expect(why.status.code, code, "the code")
        expect(why.status.outcome, outcome or why.status.outcome, "the outcome")
        return why.status
    raise AssertionError("the call did not fail")


async def publish(connection, topic, number, text="", key=b""):
    call = await connection.open(topic, key=key)
    await call.send(Note(number=number, text=text).SerializeToString(), last=True)
    status = await call.finished()
    if status.code:
        raise CallFailed(status)


async def subscribe(connection, topic, **wish):
    if "start" in wish:
        wish["from"] = wish.pop("start")
    call = await connection.open(topic, subscribe=Subscribe(**wish))
    call.half_close()
    await connection.until(lambda: call.position or call.over)
    if call.over:
        raise CallFailed(call.status)
    return call


async def next_event(call):
    """Number, offset, and what was lost before."""
    message = await call.receive()
    head = message.head
    return Note.FromString(message.payload).number, head.event, (head.lost, head.lost_kind)


@check
async def unary_call(c):
    expect((await unary(c, "Echo", 7, "hello")).text, "hello")
    expect((await unary(c, "Echo")).number, 0, "the number of a message of 0 bytes")


@check
async def unary_with_metadata(c):
    sent = {"initial": b"ahead", "trailing-bin": b"\x00\xff"}
    call = await start(c, "Echo", 1, metadata=sent)
    await reply_of(call)
    expect(call.initial, {"initial": b"ahead"}, "the initial metadata")
    expect(call.trailing, {"trailing-bin": b"\x00\xff"}, "the trailing metadata")


@check
async def status_with_details(c):
    status = await expect_failure(unary(c, "Fail", 5, "no such note"), NOT_FOUND)
    expect(status.message, "no such note")
    detail, = status.details
    expect((detail.type, Note.FromString(detail.value).number), ("polywire.test.Note", 5))


@check
async def method_that_is_not_served(c):
    await expect_failure(unary(c, "Nothing"), UNIMPLEMENTED, REJECTED)


@check
async def payload_that_is_no_message(c):
    call = await c.open(PEER + "Echo")
    await call.send(b"\xff", last=True)
    await expect_failure(reply_of(call), INVALID_ARGUMENT)


@check
async def large_message(c):
    text = "0123456789abcdef" * (1 << 16)
    expect((await unary(c, "Echo", 1, text)).text == text, True, "1 MiB echoed")


@check
async def message_above_the_limit_of_the_server(c):
    most = c.peer.max_message
    await expect_failure(unary(c, "Echo", 1, "x" * most), RESOURCE_EXHAUSTED)  # ourselves
    c.peer.max_message *= 2
    await expect_failure(unary(c, "Echo", 1, "x" * most), RESOURCE_EXHAUSTED)
    c.peer.max_message = most


@check
async def message_above_our_own_limit(c):
    await expect_failure(unary(c, "Echo", 1, "x" * MINE.max_message), RESOURCE_EXHAUSTED)
    await unary(c, "Echo")


@check
async def server_streaming(c):
    call = await start(c, "Count", 10, "n")
    got = [Note.FromString((await call.receive()).payload).number for _ in range(10)]
    expect(got, list(range(1, 11)))
    expect((await call.finished()).code, 0)


@check
async def server_streaming_waits_for_credit(c):
    call = await start(c, "Count", 3000, "x" * 1000)
    # Half of the credit must be used, whatever the parts; more than the credit is a Violation.
    half = MINE.call_credit // 2
    await c.until(lambda: sum(price for _, price in call.inbox) >= half or call.over)
    await unary(c, "Echo")  # the call that waits is in nobody's way
    expect(call.over, False, "the end of a call that nobody reads")
    numbers = []
    while message := await call.receive():
        numbers.append(Note.FromString(message.payload).number)
    expect(numbers == list(range(1, 3001)), True, "all 3000 in order")


@check
async def client_streaming(c):
    call = await c.open(PEER + "Sum")
    for number in range(1, 4):
        await call.send(Note(number=number).SerializeToString())
    call.half_close()
    expect((await reply_of(call)).number, 6)
    call = await c.open(PEER + "Sum")
    call.half_close()
    expect((await reply_of(call)).number, 0, "the sum of nothing")


@check
async def client_streaming_above_the_credit(c):
    call = await c.open(PEER + "Sum")
    for _ in range(3000):
        await call.send(Note(number=1, text="x" * 1000).SerializeToString())
    call.half_close()
    reply = await reply_of(call)
    expect((reply.number, reply.text), (3000, "3000000"))


@check
async def bidi_streaming(c):
    call = await c.open(PEER + "Chat")
    for number in range(1, 4):
        await call.send(Note(number=number, text="hi").SerializeToString())
        answer = Note.FromString((await call.receive()).payload)
        expect((answer.number, answer.text), (number, "re: hi"))
    call.half_close()
    expect((await call.finished()).code, 0)


@check
async def bidi_streaming_above_the_credit(c):
    call = await c.open(PEER + "Chat")

    async def write():
        for number in range(500):
            await call.send(Note(number=number, text="x" * 5000).SerializeToString())
        call.half_close()

    writing, count = asyncio.create_task(write()), 0
    while message := await call.receive():
        expect(Note.FromString(message.payload).number, count)
        count += 1
    await writing
    expect(count, 500)


@check
async def many_calls_at_once(c):
    replies = await asyncio.gather(*(unary(c, "Echo", n, "x" * 10000) for n in range(300)))
    expect([reply.number for reply in replies], list(range(300)))


@check
async def deadline(c):
    await expect_failure(unary(c, "Wait", timeout=0.2), DEADLINE_EXCEEDED)
    # Without a clock of our own the server's decides.
    call = await c.open(PEER + "Wait")
    call.opening.timeout_us = 50_000
    await call.send(b"", last=True)
    expect((await call.finished()).code, DEADLINE_EXCEEDED)
    await unary(c, "Idle")


@check
async def cancel(c):
    call = await start(c, "Wait")
    await call.receive()
    call.cancel()
    expect((await call.finished()).code, CANCELLED)
    await unary(c, "Idle")
    stream = await start(c, "Count", 1 << 40, "x" * 1000)
    await stream.receive()
    stream.cancel()
    await c.until(lambda: stream.id not in c.calls)  # the server has ended it


@check
async def ping_in_both_directions(c):
    c.send(Frame(ping=42))
    await c.until(lambda: 42 in c.pongs)
    await c.until(lambda: len(c.pings) >= 4)  # two that are not answered end the connection
    await unary(c, "Echo")


@check
async def our_own_keepalive(c):
    host, port = c.writer.get_extra_info("peername")
    other = await Connection.connect(host, port, ping_interval=0.05)
    await other.until(lambda: len(other.pongs) >= 3 or other.closed)
    await unary(other, "Echo")
    other.drain()
    await other.running


@check
async def what_is_unknown_is_ignored(c):
    c.send(Frame.FromString(UNKNOWN_FIELDS))
    call = await c.open(PEER + "Echo", metadata={"initial": b"i"})
    call.opening.MergeFromString(UNKNOWN_FIELDS)
    call.opening.metadata[0].MergeFromString(UNKNOWN_FIELDS)
    note = Note(number=3).SerializeToString() + UNKNOWN_FIELDS
    call.send_frame(Frame(call=call.id, flags=LAST | 1 << 20, payload=note))
    c.credit -= len(note) + 32
    expect((await reply_of(call)).number, 3)
    expect(call.initial, {"initial": b"i"})


@check
async def what_comes_after_the_end_is_ignored(c):
    call = await start(c, "Echo")
    await reply_of(call)
    c.credit -= 36
    c.send(Frame(call=call.id, payload=b"late"))
    c.send(Frame(call=call.id, credit=100))
    await unary(c, "Echo")


@check
async def publish_and_subscribe(c):
    events = await subscribe(c, EVENTS, start=NOW)
    expect(events.position.sequence, 1, "the sequence")
    await publish(c, EVENTS, 1, key=b"k")
    message = await events.receive()
    head = message.head
    expect((head.key, head.lost, head.name, head.method), (b"k", 0, "", 0))
    expect(head.event > events.position.offset, True, "the event is behind the position")
    await publish(c, EVENTS, 2)
    expect((await next_event(events))[0], 2)
    events.cancel()


@check
async def large_event(c):
    events = await subscribe(c, EVENTS, start=NOW)
    await publish(c, EVENTS, 3, "x" * 300000)
    message = await events.receive()
    expect(len(Note.FromString(message.payload).text), 300000)
    events.cancel()


@check
async def topics_that_cannot_be_had(c):
    await expect_failure(publish(c, "foreign.v1.nothing", 1), NOT_FOUND, REJECTED)
    await expect_failure(publish(c, "foreign.v1.rooms.*", 1), NOT_FOUND, REJECTED)
    await expect_failure(publish(c, "foreign.v1.closed", 1), PERMISSION_DENIED, REJECTED)
    await expect_failure(subscribe(c, "foreign.v1.nothing"), NOT_FOUND, REJECTED)
    await expect_failure(subscribe(c, EVENTS, overflow=3), PERMISSION_DENIED, REJECTED)
    events = await subscribe(c, EVENTS)
    await expect_failure(subscribe(c, EVENTS, start=AFTER, epoch=events.position.epoch,
                                   offset=1 << 50), INVALID_ARGUMENT)
    events.cancel()


@check
async def history(c):
    await publish(c, EVENTS, 4)
    events = await subscribe(c, EVENTS, start=EARLIEST)
    expect([(await next_event(events))[0] for _ in range(4)], [1, 2, 3, 4])
    events.cancel()
    events = await subscribe(c, EVENTS, start=LAST_COUNT, count=2)
    expect([(await next_event(events))[0] for _ in range(2)], [3, 4])
    expect(events.position.sequence, 3, "the sequence")
    events.cancel()


@check
async def patterns(c):
    events = await subscribe(c, "foreign.v1.rooms.*")
    await publish(c, "foreign.v1.rooms.blue", 1)
    await publish(c, EVENTS, 5)
    await publish(c, "foreign.v1.rooms.red", 2)
    await publish(c, "foreign.v1.rooms.blue", 3)
    got = [await events.receive() for _ in range(3)]
    expect([message.topic.rpartition(".")[2] for message in got], ["blue", "red", "blue"])
    expect([Note.FromString(message.payload).number for message in got], [1, 2, 3])
    events.cancel()


@check
async def resuming(c):
    """The server keeps 8 events: of 10 that were missed 2 are lost."""
    events = await subscribe(c, EVENTS, start=LAST_COUNT, count=1)
    number, offset, _ = await next_event(events)
    expect(number, 5)
    sequence = events.position.sequence + 1
    events.cancel()
    await publish(c, EVENTS, 6)
    epoch = events.position.epoch
    events = await subscribe(c, EVENTS, start=AFTER, epoch=epoch, offset=offset, sequence=sequence)
    number, offset, lost = await next_event(events)
    expect((number, lost), (6, (0, EXACT)))
    events.cancel()
    for number in range(7, 17):
        await publish(c, EVENTS, number)
    sequence += 1
    events = await subscribe(c, EVENTS, start=AFTER, epoch=epoch, offset=offset, sequence=sequence)
    number, _, lost = await next_event(events)
    expect((number, lost), (9, (2, EXACT)))
    expect((await next_event(events))[0], 10)
    expect(events.position.offset, offset, "the offset of the position")
    expect(events.position.sequence, sequence, "the sequence of the position")
    events.cancel()
    # Without the sequence nobody knows how many there were.
    events = await subscribe(c, EVENTS, start=AFTER, epoch=epoch, offset=offset)
    number, _, (lost, kind) = await next_event(events)
    expect((number, kind), (9, 1), "number and kind of loss")
    events.cancel()


@check
async def resuming_at_a_server_that_has_started_anew(c):
    events = await subscribe(c, EVENTS, start=AFTER, epoch=1, offset=3, sequence=4)
    number, _, (_, kind) = await next_event(events)
    expect((number, kind), (9, NOT_KNOWN))
    expect((await next_event(events))[2], (0, EXACT))
    events.cancel()


@check
async def slow_subscriber_loses_the_oldest(c):
    events = await subscribe(c, EVENTS)
    for number in range(100, 400):
        await publish(c, EVENTS, number, "x" * 1000)
    got = lost = 0
    number = 99
    while number < 399:
        before = number
        number, _, (gap, kind) = await next_event(events)
        expect((number - before - 1, EXACT), (gap, kind), "the loss")
        got, lost = got + 1, lost + gap
    expect(got + lost, 300)
    expect(lost > 0, True, "that anything was lost")
    events.cancel()


@check
async def drain(c):
    chat = await c.open(PEER + "Chat")
    await chat.send(Note(number=1).SerializeToString())
    await chat.receive()
    events = await subscribe(c, EVENTS)
    await unary(c, "Drain")
    await c.until(lambda: c.goodbye is not None)
    expect(c.goodbye.code, 0)
    # As if it had been on the way.
    await expect_failure(unary(c, "Echo"), UNAVAILABLE, REJECTED)
    await chat.send(Note(number=2).SerializeToString())
    expect(Note.FromString((await chat.receive()).payload).number, 2)
    chat.half_close()
    expect(events.over, False, "the end of the subscription")
    expect((await chat.finished()).code, 0)
    expect((await events.finished()).code, UNAVAILABLE)
    await c.until(lambda: c.closed)


async def run(host, port):
    connection, failures = await Connection.connect(host, port), 0
    for one in all_checks:
        name = one.__name__.replace("_", " ")
        try:
            await asyncio.wait_for(one(connection), 30)
            print(f"{name} ... ok", flush=True)
        except (AssertionError, CallFailed, asyncio.TimeoutError) as why:
            failures += 1
            print(f"{name} ... FAILED: {str(why) or 'not within 30 s'}", flush=True)
            if "VERBOSE" in os.environ:
                traceback.print_exc()
    print(f"{len(all_checks) - failures} of {len(all_checks)} checks passed")
    return 1 if failures else 0
