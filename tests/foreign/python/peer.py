#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""    peer.py serve             prints where it listens, serves until a client has called Drain
    peer.py call HOST:PORT    makes every kind of call, and checks what comes back
"""
import asyncio
import sys

import checks
from frame_pb2 import Detail, Frame, Status
from hub import Hub
from note_pb2 import Note
from polywire import (CANCELLED, END, INVALID_ARGUMENT, REJECTED, UNIMPLEMENTED, CallFailed,
                      Connection, failed)


def read_note(message):
    try:
        return Note.FromString(message.payload)
    except Exception as why:
        raise CallFailed(failed(INVALID_ARGUMENT, "not a Note")) from why


class Service:
    """foreign.v1.Peer, and some topics."""

    def __init__(self):
        self.connections = set()
        self.hub = Hub(keep=8)
        self.hub.offer("foreign.v1.events")
        self.hub.offer("foreign.v1.rooms.*")
        self.hub.offer("foreign.v1.closed", accept_publish=False)
        self.waiting = 0
        self.listener = None

    async def listen(self):
        self.listener = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        return self.listener.sockets[0].getsockname()[1]

    async def accept(self, reader, writer):
        async def serve(call):
            return await self.serve(call, connection)

        connection = Connection(reader, writer, serve, ping_interval=1)
        self.connections.add(connection)
        await connection.run()
        self.connections.remove(connection)
        self.hub.wake()

    async def stopped(self):
        await self.hub.until(lambda: not self.listener.is_serving() and not self.connections)

    async def serve(self, call, connection):
        if call.subscribe is not None:
            return await self.hub.subscribe(call)
        if "/" not in call.name:
            return await self.hub.publish(call)
        service, method = call.name.split("/")
        handler = getattr(self, "serve_" + method.lower(), None)
        if service != "foreign.v1.Peer" or handler is None:
            return failed(UNIMPLEMENTED, f"{call.name} is not served", REJECTED)
        if call.format != 0:
            return failed(INVALID_ARGUMENT, "protobuf only")
        return await handler(call, connection)

    async def request(self, call):
        """The only request of unary and server-streaming calls."""
        message = await call.receive()
        if message is None or await call.receive():
            raise CallFailed(failed(UNIMPLEMENTED, "one request, please"))
        return read_note(message)

    async def serve_echo(self, call, _):
        """The note, and the metadata "initial" and "trailing-bin" where they belong."""
        note = await self.request(call)
        if "initial" in call.metadata:
            call.send_initial({"initial": call.metadata["initial"]})
        if "trailing-bin" in call.metadata:
            call.trailing["trailing-bin"] = call.metadata["trailing-bin"]
        await call.send(note.SerializeToString())

    async def serve_fail(self, call, _):
        """Fails with this number and text, and the note as a detail."""
        note = await self.request(call)
        detail = Detail(type=Note.DESCRIPTOR.full_name, value=note.SerializeToString())
        return Status(code=note.number, message=note.text, details=[detail])

    async def serve_wait(self, call, _):
        """Sends the note back, and waits to be given up."""
        note = await self.request(call)
        self.waiting += 1
        try:
            await call.send(note.SerializeToString())
            await self.hub.until(lambda: False)
        finally:
            self.waiting -= 1
            self.hub.wake()

    async def serve_idle(self, call, _):
        """Answers when no Wait is running any more."""
        note = await self.request(call)
        await self.hub.until(lambda: self.waiting == 0)
        await call.send(note.SerializeToString())

    async def serve_count(self, call, _):
        """So many notes with this text, numbered from 1."""
        note = await self.request(call)
        for number in range(1, note.number + 1):
            await call.send(Note(number=number, text=note.text).SerializeToString())

    async def serve_sum(self, call, _):
        """The sum of the numbers, and the bytes of all texts."""
        total = size = 0
        while message := await call.receive():
            note = read_note(message)
            total += note.number
            size += len(note.text)
        await call.send(Note(number=total, text=str(size)).SerializeToString())

    async def serve_chat(self, call, _):
        """Answers each note."""
        while message := await call.receive():
            note = read_note(message)
            note.text = "re: " + note.text
            await call.send(note.SerializeToString())

    async def serve_pings(self, call, connection):
        """Pings, and answers when it has got the pong and so many pings."""
        note = await self.request(call)
        connection.send(Frame(ping=7))
        await connection.until(
            lambda: connection.pongs == [7] and len(connection.pings) >= note.number)
        await call.send(note.SerializeToString())

    async def serve_strange(self, call, connection):
        """Answers in frames with fields and flags of versions to come."""
        note = await self.request(call)
        connection.send(Frame.FromString(checks.UNKNOWN_FIELDS))
        strange = Frame(call=call.id, flags=1 << 20)
        strange.MergeFromString(checks.UNKNOWN_FIELDS)
        call.send_frame(strange)
        await call.send(note.SerializeToString() + checks.UNKNOWN_FIELDS)
        status = Status(code=CANCELLED, message="strange")
        status.MergeFromString(checks.UNKNOWN_FIELDS)
        strange.flags |= END
        strange.status.CopyFrom(status)
        call.send_frame(strange)
        call.finish(status)
        connection.remove(call)

    async def serve_break(self, call, connection):
        """Loses the connection, and publishes 20 events before there can be another one."""
        note = await self.request(call)
        connection.writer.transport.abort()
        for number in range(note.number, note.number + 20):
            self.hub.append("foreign.v1.events", b"", Note(number=number).SerializeToString())

    async def serve_drain(self, call, _):
        """Drains the server; it stops when the last call has ended."""
        note = await self.request(call)
        self.listener.close()
        for connection in self.connections:
            connection.drain()
        await call.send(note.SerializeToString())


async def serve():
    service = Service()
    print(f"listening on 127.0.0.1:{await service.listen()}", flush=True)
    await service.stopped()


if sys.argv[1:] == ["serve"]:
    asyncio.run(serve())
elif sys.argv[1:2] == ["call"] and len(sys.argv) == 3:
    host, _, port = sys.argv[2].rpartition(":")
    sys.exit(asyncio.run(checks.run(host, int(port))))
else:
    sys.exit(__doc__)
