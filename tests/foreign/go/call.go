// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"runtime"
	"time"

	"foreign/wire"

	"google.golang.org/protobuf/proto"
)

// Message is a message of a call; in a subscription also an event.
type Message struct {
	Payload []byte
	Head    *wire.Frame // the frame with the event's fields
	Topic   string      // with wildcards
	cost    int64
}

// Call is one call, at either end. The client opens and half-closes it, the server ends it.
type Call struct {
	Name     string
	Metadata map[string]string
	Initial  map[string]string
	Trailing map[string]string
	Position *wire.Position

	conn      *Conn
	id        uint32
	opening   *wire.Frame // client: as long as it was not sent
	key       []byte
	format    wire.Format
	subscribe *wire.Subscribe
	credit    int64     // what we may send
	window    int64     // what the peer may send
	owed      int64     // taken, and not given back yet
	inbox     []Message // complete, and not taken
	partial   *Message  // the one that is coming in parts
	size      int       // that it will have
	head      *wire.Frame

	seenMessage bool
	receivedAll bool // server: half-closed; client: ended, or given up
	over        bool // nothing more may be sent
	status      *wire.Status
	stop        context.CancelFunc
	timer       *time.Timer
}

func newCall(c *Conn, opening *wire.Frame) *Call {
	call := &Call{conn: c, id: opening.Call, Name: opening.Name, key: opening.Key,
		format: opening.Format, subscribe: opening.Subscribe, Metadata: dict(opening.Metadata),
		Trailing: map[string]string{}, credit: int64(c.peer.CallCredit), window: int64(mine.CallCredit)}
	if c.serve != nil { // a client may send before it has read our hello
		call.window = int64(defaults.CallCredit)
	}
	return call
}

// Send sends a message, in as many parts as frames and credit make of it. The frame has the
// payload, perhaps the flag last, and what stands in the head of an event.
func (call *Call) Send(frame *wire.Frame) error {
	c := call.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	rest, flags := frame.Payload, frame.Flags
	if len(rest) > int(c.peer.MaxMessage) {
		why := fail(resourceExhausted, "a message above the peer's limit", processed)
		if c.serve == nil {
			call.cancel(why)
		}
		return why
	}
	frame.Call, frame.Payload, frame.Flags = call.id, nil, 0
	part := func() int {
		// Nobody may wait for more than half of the initial credit.
		size := int(c.peer.CallCredit)/2 - 32
		if half := int(c.peer.ConnectionCredit)/2 - 32; half < size {
			size = half
		}
		if room := int(c.peer.MaxFrame) - proto.Size(call.opening) - proto.Size(frame) - 32; room < size {
			size = room
		}
		if len(rest) < size {
			size = len(rest)
		}
		return size
	}
	for first := true; first || len(rest) > 0; first = false {
		c.until(func() bool {
			price := int64(part()) + 32
			return call.over || call.credit >= price && c.credit >= price && len(c.out) < 1<<16
		})
		if call.over {
			return failure{call.status}
		}
		size := part()
		next := &wire.Frame{Call: call.id}
		frame.Payload = append([]byte{}, rest[:size]...)
		if size < len(rest) {
			frame.Flags = more
			if first {
				frame.MessageSize = uint32(len(rest))
			}
		} else {
			frame.Flags = flags
		}
		rest = rest[size:]
		call.credit -= cost(frame)
		c.credit -= cost(frame)
		call.sendFrame(frame)
		frame = next
		c.mu.Unlock()
		runtime.Gosched() // another call's turn
		c.mu.Lock()
	}
	return nil
}

func (call *Call) sendFrame(frame *wire.Frame) {
	if call.opening != nil {
		proto.Merge(frame, call.opening)
		call.opening = nil
	}
	call.conn.bind(frame)
	call.conn.send(frame)
}

// SendFrame sends a frame without payload, or one that takes no credit into account.
func (call *Call) SendFrame(frame *wire.Frame) {
	call.conn.mu.Lock()
	defer call.conn.mu.Unlock()
	frame.Call = call.id
	if !call.over {
		call.sendFrame(frame)
	}
}

// HalfClose says that no more messages follow.
func (call *Call) HalfClose() { call.SendFrame(&wire.Frame{Flags: last}) }

// Cancel gives the call up.
func (call *Call) Cancel() { call.giveUp(fail(cancelled, "cancelled", processed)) }

func (call *Call) giveUp(why error) {
	call.conn.mu.Lock()
	defer call.conn.mu.Unlock()
	call.cancel(why)
}

// cancel tells the client at once; the id is free when the server's end comes.
func (call *Call) cancel(why error) {
	if call.receivedAll {
		return
	}
	if call.opening != nil {
		delete(call.conn.calls, call.id)
	} else {
		call.conn.send(&wire.Frame{Call: call.id, Flags: cancel})
	}
	call.inbox = nil
	call.finish(statusOf(why))
}

// end ends the call at the server; its handler may still run.
func (call *Call) end(why error) {
	if call.over {
		return
	}
	call.sendFrame(&wire.Frame{Call: call.id, Flags: end, Metadata: pairs(call.Trailing),
		Status: statusOf(why)})
	call.finish(statusOf(why))
	call.conn.remove(call)
}

// finish is for the end of the call, however it comes.
func (call *Call) finish(status *wire.Status) {
	call.status, call.over, call.receivedAll = status, true, true
	if call.timer != nil {
		call.timer.Stop()
	}
	if call.stop != nil {
		call.stop()
	}
	call.conn.changed.Broadcast()
}

// Receive takes the next message; nil behind the last one. What it cost goes back to the sender.
func (call *Call) Receive() *Message {
	c := call.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until(func() bool { return len(call.inbox) > 0 || call.receivedAll })
	if len(call.inbox) == 0 {
		return nil
	}
	message := call.inbox[0]
	call.inbox = call.inbox[1:]
	call.giveBack(&message)
	if len(call.inbox) == 0 && call.partial != nil { // nothing stands before it any more
		call.giveBack(call.partial)
	}
	return &message
}

// Finished tells how the call ended; messages that nobody took are dropped.
func (call *Call) Finished() error {
	for call.Receive() != nil {
	}
	call.conn.mu.Lock()
	defer call.conn.mu.Unlock()
	if call.status.GetCode() != ok {
		return failure{call.status}
	}
	return nil
}

func (call *Call) giveBack(message *Message) {
	call.owed += message.cost
	message.cost = 0
	if !call.receivedAll && call.owed >= int64(mine.CallCredit)/2 {
		call.conn.send(&wire.Frame{Call: call.id, Credit: uint32(call.owed)})
		call.window += call.owed
		call.owed = 0
	}
}

// begin is the server's.
func (call *Call) begin(opening *wire.Frame) error {
	ctx, stop := context.WithCancel(context.Background())
	call.stop = stop
	if err := call.onFrame(opening); err != nil || call.over {
		return err
	}
	if opening.TimeoutUs != nil {
		call.timer = time.AfterFunc(microseconds(*opening.TimeoutUs), func() {
			call.conn.mu.Lock()
			defer call.conn.mu.Unlock()
			call.end(fail(deadlineExceeded, "the deadline has passed", processed))
		})
	}
	go func() {
		err := call.conn.serve(ctx, call)
		call.conn.mu.Lock()
		defer call.conn.mu.Unlock()
		call.end(err)
	}()
	return nil
}

func (call *Call) onFrame(frame *wire.Frame) error {
	server := call.conn.serve != nil
	if server && frame.Flags&end != 0 || !server && frame.Flags&(last|cancel) != 0 {
		return violation("a flag of the other side")
	}
	if frame.Flags&more != 0 && (frame.Payload == nil || frame.Flags&(last|end|cancel) != 0) {
		return violation("`more` where it must not stand")
	}
	if server && frame.Flags&cancel != 0 {
		call.end(fail(cancelled, "cancelled by the client", processed))
		return nil
	}
	topic := ""
	if !server {
		var err error
		if topic, err = call.conn.nameOf(frame); err != nil {
			return err
		}
		if call.over { // given up: only its end is of interest
			if frame.Flags&end != 0 {
				call.conn.remove(call)
			}
			return nil
		}
		if err = call.onHead(frame); err != nil {
			return err
		}
	}
	call.credit += int64(frame.Credit)
	if call.credit >= 1<<32 {
		return violation("too much credit")
	}
	if frame.Payload != nil {
		if err := call.onPayload(frame, topic); err != nil || call.over {
			return err
		}
	}
	if server && frame.Flags&last != 0 {
		if call.receivedAll || call.partial != nil {
			return violation("a half-close where none may stand")
		}
		call.receivedAll = true
	}
	if frame.Flags&end != 0 {
		call.Trailing = dict(frame.Metadata)
		call.finish(frame.Status)
		call.conn.remove(call)
	}
	return nil
}

// onHead is about what stands ahead of messages, or beside their first part.
func (call *Call) onHead(frame *wire.Frame) error {
	if len(frame.Metadata) > 0 && frame.Flags&end == 0 {
		if call.seenMessage {
			return violation("initial metadata after a message")
		}
		call.Initial = dict(frame.Metadata)
	}
	if frame.Position != nil {
		if call.subscribe == nil || call.Position != nil {
			return violation("a position that belongs nowhere")
		}
		call.Position = frame.Position
	}
	if frame.Event != 0 {
		if call.Position == nil || call.head != nil || call.partial != nil {
			return violation("an event that belongs nowhere")
		}
		call.head = frame
	}
	return nil
}

func (call *Call) onPayload(frame *wire.Frame, topic string) error {
	if call.receivedAll {
		return violation("a message after the half-close")
	}
	call.window -= cost(frame)
	if call.window < 0 {
		return violation("a payload without credit for its call")
	}
	call.seenMessage = true
	isLast := frame.Flags&more == 0
	if call.partial == nil {
		if call.subscribe != nil && call.conn.serve == nil && call.head == nil {
			return violation("a message of a subscription without `event`")
		}
		call.partial = &Message{Head: call.head, Topic: topic}
		call.size = int(frame.MessageSize)
		if isLast {
			call.size = len(frame.Payload)
		}
	}
	message := call.partial
	if call.size > int(mine.MaxMessage) {
		tooLarge := fail(resourceExhausted, "a message above the limit", processed)
		if call.conn.serve != nil {
			call.end(tooLarge)
		} else {
			call.cancel(tooLarge)
		}
		return nil
	}
	message.Payload = append(message.Payload, frame.Payload...)
	message.cost += cost(frame)
	if got := len(message.Payload); got > call.size || isLast && got < call.size {
		return violation("parts that do not add up")
	}
	if isLast {
		call.inbox = append(call.inbox, *message)
		call.partial, call.head = nil, nil
	} else if len(call.inbox) == 0 {
		call.giveBack(message)
	}
	return nil
}

func dict(metadata []*wire.Metadata) map[string]string {
	all := map[string]string{}
	for _, entry := range metadata {
		all[entry.Key] = string(entry.Value)
	}
	return all
}

func pairs(metadata map[string]string) (all []*wire.Metadata) {
	for key, value := range metadata {
		all = append(all, &wire.Metadata{Key: key, Value: []byte(value)})
	}
	return all
}
