// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"foreign/wire"

	"google.golang.org/protobuf/proto"
)

const (
	peer   = "foreign.v1.Peer/"
	events = "foreign.v1.events"
)

// What a client of foreign.v1.Peer can see.
var allChecks = []struct {
	name string
	run  func(*Conn)
}{
	{"unary call", unaryCall},
	{"unary with metadata", unaryWithMetadata},
	{"status with details", statusWithDetails},
	{"method that is not served", methodNotServed},
	{"payload that is no message", payloadThatIsNoMessage},
	{"large message", largeMessage},
	{"message above the limit of the server", messageAboveItsLimit},
	{"message above our own limit", messageAboveOurLimit},
	{"server streaming", serverStreaming},
	{"server streaming waits for credit", streamingWaitsForCredit},
	{"client streaming", clientStreaming},
	{"client streaming above the credit", clientStreamingAboveCredit},
	{"bidi streaming", bidiStreaming},
	{"bidi streaming above the credit", bidiStreamingAboveCredit},
	{"many calls at once", manyCalls},
	{"deadline", deadline},
	{"cancel", cancelling},
	{"ping in both directions", pingBothWays},
	{"our own keepalive", ourKeepalive},
	{"what is unknown is ignored", unknownIsIgnored},
	{"what comes after the end is ignored", lateIsIgnored},
	{"publish and subscribe", publishAndSubscribe},
	{"large event", largeEvent},
	{"topics that cannot be had", topicsNotToBeHad},
	{"history", history},
	{"patterns", patterns},
	{"resuming", resuming},
	{"resuming at a server that has started anew", resumingAnew},
	{"slow subscriber loses the oldest", slowSubscriber},
	{"drain", draining},
}

func runChecks(address string) error {
	c, err := Dial(address, 30*time.Second)
	if err != nil {
		return err
	}
	failed := 0
	for _, check := range allChecks {
		result := make(chan error, 1)
		go func() {
			defer func() {
				if why := recover(); why != nil {
					result <- why.(error)
				}
			}()
			check.run(c)
			result <- nil
		}()
		select {
		case err = <-result:
		case <-time.After(30 * time.Second):
			err = errors.New("not within 30 s")
		}
		if err == nil {
			fmt.Println(check.name, "... ok")
		} else {
			fmt.Println(check.name, "... FAILED:", err)
			failed++
		}
	}
	fmt.Println(len(allChecks)-failed, "of", len(allChecks), "checks passed")
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}

// A check ends with a panic of an error.

func expect[T any](got, wanted T, what string) {
	if any(got) != any(wanted) {
		panic(fmt.Errorf("%s is %v, not %v", what, got, wanted))
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func expectFailure(err error, code uint32) *wire.Status {
	var why failure
	if !errors.As(err, &why) {
		panic(fmt.Errorf("the call did not fail (%v)", err))
	}
	expect(why.Status.GetCode(), code, "the code")
	return why.Status
}

func expectRejected(err error, code uint32) {
	expect(expectFailure(err, code).Outcome, rejected, "the outcome")
}

// start opens a call with one request.
func start(c *Conn, method string, note *wire.Note) *Call {
	call := must(c.Open(&wire.Frame{Name: peer + method}))
	// That it has ended already is told where its end is looked at.
	_ = call.Send(&wire.Frame{Payload: bytesOf(note), Flags: last})
	return call
}

func replyOf(call *Call) (*wire.Note, error) {
	message := call.Receive()
	if err := call.Finished(); err != nil {
		return nil, err
	}
	return readNote(message)
}

func unary(c *Conn, method string, note *wire.Note) (*wire.Note, error) {
	call, err := c.Open(&wire.Frame{Name: peer + method})
	if err != nil {
		return nil, err
	}
	if err := call.Send(&wire.Frame{Payload: bytesOf(note), Flags: last}); err != nil {
		return nil, err
	}
	return replyOf(call)
}

func publish(c *Conn, topic string, note *wire.Note) error {
	call, err := c.Open(&wire.Frame{Name: topic, Key: []byte("k")})
	if err != nil {
		return err
	}
	if err := call.Send(&wire.Frame{Payload: bytesOf(note), Flags: last}); err != nil {
		return err
	}
	return call.Finished()
}

func subscribe(c *Conn, topic string, wish *wire.Subscribe) (*Call, error) {
	call, err := c.Open(&wire.Frame{Name: topic, Subscribe: wish})
	if err != nil {
		return nil, err
	}
	call.HalfClose()
	c.Until(func() bool { return call.Position != nil || call.over })
	if call.Position == nil {
		return nil, call.Finished()
	}
	return call, nil
}

func nextNote(call *Call) (*wire.Note, *Message) {
	message := call.Receive()
	if message == nil {
		panic(fmt.Errorf("the stream has ended: %v", call.Finished()))
	}
	return must(readNote(message)), message
}

type lossOf struct {
	count uint64
	kind  uint32
}

func nextEvent(call *Call) (number int64, offset uint64, lost lossOf) {
	note, message := nextNote(call)
	return note.Number, message.Head.Event, lossOf{message.Head.Lost, message.Head.LostKind}
}

func expectNumbers(call *Call, first, last int64) {
	for number := first; number <= last; number++ {
		note, _ := nextNote(call)
		expect(note.Number, number, "the number")
	}
}

func unaryCall(c *Conn) {
	expect(must(unary(c, "Echo", &wire.Note{Number: 7, Text: "hello"})).Text, "hello", "the text")
	expect(must(unary(c, "Echo", &wire.Note{})).Number, 0, "the number of a message of 0 bytes")
}

func unaryWithMetadata(c *Conn) {
	sent := map[string]string{"initial": "ahead", "trailing-bin": "\x00\xff"}
	call := must(c.Open(&wire.Frame{Name: peer + "Echo", Metadata: pairs(sent)}))
	_ = call.Send(&wire.Frame{Payload: []byte{}, Flags: last})
	must(replyOf(call))
	expect(len(call.Initial), 1, "the count of initial metadata")
	expect(call.Initial["initial"], "ahead", "the initial metadata")
	expect(len(call.Trailing), 1, "the count of trailing metadata")
	expect(call.Trailing["trailing-bin"], "\x00\xff", "the trailing metadata")
}

func statusWithDetails(c *Conn) {
	_, err := unary(c, "Fail", &wire.Note{Number: 5, Text: "no such note"})
	status := expectFailure(err, notFound)
	expect(status.Message, "no such note", "the message")
	expect(len(status.Details), 1, "the count of details")
	expect(status.Details[0].Type, "polywire.test.Note", "the type of the detail")
	detail := must(readNote(&Message{Payload: status.Details[0].Value}))
	expect(detail.Number, 5, "the number in the detail")
}

func methodNotServed(c *Conn) {
	_, err := unary(c, "Nothing", &wire.Note{})
	expectRejected(err, unimplemented)
}

func payloadThatIsNoMessage(c *Conn) {
	call := must(c.Open(&wire.Frame{Name: peer + "Echo"}))
	_ = call.Send(&wire.Frame{Payload: []byte{0xff}, Flags: last})
	expectFailure(call.Finished(), invalidArgument)
}

func largeMessage(c *Conn) {
	text := strings.Repeat("0123456789abcdef", 1<<16)
	expect(must(unary(c, "Echo", &wire.Note{Text: text})).Text == text, true, "1 MiB echoed")
}

func messageAboveItsLimit(c *Conn) {
	note := &wire.Note{Text: strings.Repeat("x", int(c.peer.MaxMessage))}
	_, err := unary(c, "Echo", note) // refused by ourselves
	expectFailure(err, resourceExhausted)
	c.peer.MaxMessage *= 2
	defer func() { c.peer.MaxMessage /= 2 }()
	expectFailure(start(c, "Echo", note).Finished(), resourceExhausted)
}

func messageAboveOurLimit(c *Conn) {
	call := start(c, "Echo", &wire.Note{Text: strings.Repeat("x", int(mine.MaxMessage))})
	expectFailure(call.Finished(), resourceExhausted)
	must(unary(c, "Echo", &wire.Note{}))
}

func serverStreaming(c *Conn) {
	call := start(c, "Count", &wire.Note{Number: 10, Text: "n"})
	expectNumbers(call, 1, 10)
	expect(call.Receive(), nil, "what comes behind the last one")
	expect(call.Finished(), nil, "the end")
}

func streamingWaitsForCredit(c *Conn) {
	call := start(c, "Count", &wire.Note{Number: 3000, Text: strings.Repeat("x", 1000)})
	// Half of the credit must be used, whatever the parts; more than the credit is a violation.
	c.Until(func() bool {
		waiting := int64(0)
		for _, message := range call.inbox {
			waiting += message.cost
		}
		return waiting >= int64(mine.CallCredit)/2 || call.over
	})
	must(unary(c, "Echo", &wire.Note{})) // the call that waits is in nobody's way
	c.Until(func() bool { expect(call.over, false, "that it is over"); return true })
	expectNumbers(call, 1, 3000)
	expect(call.Finished(), nil, "the end")
}

func clientStreaming(c *Conn) {
	call := must(c.Open(&wire.Frame{Name: peer + "Sum"}))
	for number := int64(1); number <= 3; number++ {
		_ = reply(call, &wire.Note{Number: number})
	}
	call.HalfClose()
	expect(must(replyOf(call)).Number, 6, "the sum")
	call = must(c.Open(&wire.Frame{Name: peer + "Sum"}))
	call.HalfClose()
	expect(must(replyOf(call)).Number, 0, "the sum of nothing")
}

func clientStreamingAboveCredit(c *Conn) {
	call := must(c.Open(&wire.Frame{Name: peer + "Sum"}))
	note := &wire.Note{Number: 1, Text: strings.Repeat("x", 1000)}
	for i := 0; i < 3000; i++ {
		_ = reply(call, note)
	}
	call.HalfClose()
	total := must(replyOf(call))
	expect(total.Number, 3000, "the sum")
	expect(total.Text, "3000000", "the size")
}

func bidiStreaming(c *Conn) {
	call := must(c.Open(&wire.Frame{Name: peer + "Chat"}))
	for number := int64(1); number <= 3; number++ {
		_ = reply(call, &wire.Note{Number: number, Text: "hi"})
		answer, _ := nextNote(call)
		expect(answer.Number, number, "the number")
		expect(answer.Text, "re: hi", "the text")
	}
	call.HalfClose()
	expect(call.Finished(), nil, "the end")
}

func bidiStreamingAboveCredit(c *Conn) {
	call := must(c.Open(&wire.Frame{Name: peer + "Chat"}))
	go func() {
		text := strings.Repeat("x", 5000)
		for number := int64(1); number <= 500; number++ {
			_ = reply(call, &wire.Note{Number: number, Text: text})
		}
		call.HalfClose()
	}()
	expectNumbers(call, 1, 500)
	expect(call.Finished(), nil, "the end")
}

func manyCalls(c *Conn) {
	var all sync.WaitGroup
	failures := make(chan error, 300)
	for number := int64(0); number < 300; number++ {
		all.Add(1)
		go func(number int64) {
			defer all.Done()
			note, err := unary(c, "Echo", &wire.Note{Number: number, Text: strings.Repeat("x", 10000)})
			if err == nil && note.Number != number {
				err = fmt.Errorf("%d instead of %d", note.Number, number)
			}
			failures <- err
		}(number)
	}
	all.Wait()
	close(failures)
	for err := range failures {
		expect(err, nil, "a failure")
	}
}

func deadline(c *Conn) {
	call := must(c.Open(&wire.Frame{Name: peer + "Wait", TimeoutUs: proto.Uint64(200_000)}))
	_ = call.Send(&wire.Frame{Payload: []byte{}, Flags: last})
	expectFailure(call.Finished(), deadlineExceeded)
	// Without a clock of our own the server's decides.
	call = must(c.Open(&wire.Frame{Name: peer + "Wait"}))
	call.opening.TimeoutUs = proto.Uint64(50_000)
	_ = call.Send(&wire.Frame{Payload: []byte{}, Flags: last})
	expectFailure(call.Finished(), deadlineExceeded)
	must(unary(c, "Idle", &wire.Note{}))
}

func cancelling(c *Conn) {
	call := start(c, "Wait", &wire.Note{})
	nextNote(call)
	call.Cancel()
	expectFailure(call.Finished(), cancelled)
	must(unary(c, "Idle", &wire.Note{}))
	stream := start(c, "Count", &wire.Note{Number: 1 << 40, Text: strings.Repeat("x", 1000)})
	nextNote(stream)
	stream.Cancel()
	c.Until(func() bool { return c.calls[stream.id] == nil }) // the server has ended it
}

func pingBothWays(c *Conn) {
	c.mu.Lock()
	c.send(&wire.Frame{Ping: proto.Uint32(42)})
	c.until(func() bool { return len(c.pongs) == 1 })
	c.mu.Unlock()
	expect(c.pongs[0], 42, "the pong")
	c.Until(func() bool { return len(c.pings) >= 4 }) // two that are not answered end the connection
	must(unary(c, "Echo", &wire.Note{}))
}

func ourKeepalive(c *Conn) {
	other := must(Dial(c.nc.RemoteAddr().String(), 50*time.Millisecond))
	other.Until(func() bool { return len(other.pongs) >= 3 || other.closed })
	must(unary(other, "Echo", &wire.Note{}))
	other.Drain()
	other.Until(func() bool { return other.closed })
}

func unknownIsIgnored(c *Conn) {
	frame := &wire.Frame{}
	frame.ProtoReflect().SetUnknown(unknownFields)
	c.mu.Lock()
	c.send(frame)
	c.mu.Unlock()
	call := must(c.Open(&wire.Frame{Name: peer + "Echo"}))
	call.opening.ProtoReflect().SetUnknown(unknownFields)
	call.opening.Metadata = pairs(map[string]string{"initial": "i"})
	call.opening.Metadata[0].ProtoReflect().SetUnknown(unknownFields)
	payload := append(bytesOf(&wire.Note{Number: 3}), unknownFields...)
	_ = call.Send(&wire.Frame{Payload: payload, Flags: last | 1<<20})
	expect(must(replyOf(call)).Number, 3, "the number")
	expect(call.Initial["initial"], "i", "the initial metadata")
}

func lateIsIgnored(c *Conn) {
	call := start(c, "Echo", &wire.Note{})
	must(replyOf(call))
	late := &wire.Frame{Call: call.id, Payload: []byte("late")}
	c.mu.Lock()
	c.credit -= cost(late)
	c.send(late)
	c.send(&wire.Frame{Call: call.id, Credit: 100})
	c.mu.Unlock()
	must(unary(c, "Echo", &wire.Note{}))
}

func publishAndSubscribe(c *Conn) {
	all := must(subscribe(c, events, &wire.Subscribe{}))
	expect(all.Position.Sequence, 1, "the sequence")
	expect(publish(c, events, &wire.Note{Number: 1}), nil, "publishing")
	note, message := nextNote(all)
	expect(note.Number, 1, "the number")
	expect(string(message.Head.Key), "k", "the key")
	expect(message.Head.Lost, 0, "the loss")
	expect(message.Topic, "", "the topic")
	expect(message.Head.Event > all.Position.Offset, true, "that it is behind the position")
	all.Cancel()
}

func largeEvent(c *Conn) {
	all := must(subscribe(c, events, &wire.Subscribe{}))
	large := &wire.Note{Number: 2, Text: strings.Repeat("x", 300_000)}
	expect(publish(c, events, large), nil, "publishing")
	note, _ := nextNote(all)
	expect(len(note.Text), 300_000, "the size")
	all.Cancel()
}

func topicsNotToBeHad(c *Conn) {
	expectRejected(publish(c, "foreign.v1.nothing", &wire.Note{}), notFound)
	expectRejected(publish(c, "foreign.v1.rooms.*", &wire.Note{}), notFound)
	expectRejected(publish(c, "foreign.v1.closed", &wire.Note{}), permissionDenied)
	_, err := subscribe(c, "foreign.v1.nothing", &wire.Subscribe{})
	expectRejected(err, notFound)
	_, err = subscribe(c, events, &wire.Subscribe{Overflow: 3})
	expectRejected(err, permissionDenied)
	all := must(subscribe(c, events, &wire.Subscribe{}))
	_, err = subscribe(c, events, &wire.Subscribe{From: fromAfter, Epoch: all.Position.Epoch,
		Offset: 1 << 50})
	expectFailure(err, invalidArgument)
	all.Cancel()
}

func history(c *Conn) {
	expect(publish(c, events, &wire.Note{Number: 3}), nil, "publishing")
	expect(publish(c, events, &wire.Note{Number: 4}), nil, "publishing")
	all := must(subscribe(c, events, &wire.Subscribe{From: fromEarliest}))
	expectNumbers(all, 1, 4)
	all.Cancel()
	all = must(subscribe(c, events, &wire.Subscribe{From: fromLast, Count: 2}))
	expect(all.Position.Sequence, 3, "the sequence")
	expectNumbers(all, 3, 4)
	all.Cancel()
}

func patterns(c *Conn) {
	all := must(subscribe(c, "foreign.v1.rooms.*", &wire.Subscribe{}))
	topics := []string{"foreign.v1.rooms.blue", "foreign.v1.rooms.red", "foreign.v1.rooms.blue"}
	for i, topic := range topics {
		expect(publish(c, topic, &wire.Note{Number: int64(i)}), nil, "publishing")
	}
	expect(publish(c, events, &wire.Note{Number: 5}), nil, "publishing")
	for i, topic := range topics {
		note, message := nextNote(all)
		expect(note.Number, int64(i), "the number")
		expect(message.Topic, topic, "the topic")
	}
	all.Cancel()
}

// The server keeps 8 events: of 10 that were missed 2 are lost.
func resuming(c *Conn) {
	all := must(subscribe(c, events, &wire.Subscribe{From: fromLast, Count: 1}))
	number, offset, _ := nextEvent(all)
	expect(number, 5, "the number")
	wish := &wire.Subscribe{From: fromAfter, Epoch: all.Position.Epoch, Offset: offset,
		Sequence: all.Position.Sequence + 1}
	all.Cancel()

	expect(publish(c, events, &wire.Note{Number: 6}), nil, "publishing")
	all = must(subscribe(c, events, proto.Clone(wish).(*wire.Subscribe)))
	number, wish.Offset, _ = nextEvent(all)
	expect(number, 6, "the number")
	all.Cancel()

	wish.Sequence++
	for number := int64(7); number <= 16; number++ {
		expect(publish(c, events, &wire.Note{Number: number}), nil, "publishing")
	}
	all = must(subscribe(c, events, proto.Clone(wish).(*wire.Subscribe)))
	number, _, lost := nextEvent(all)
	expect(number, 9, "the number")
	expect(lost, lossOf{2, exact}, "the loss")
	expect(all.Position.Offset, wish.Offset, "the offset of the position")
	expect(all.Position.Sequence, wish.Sequence, "the sequence of the position")
	expectNumbers(all, 10, 16)
	all.Cancel()

	wish.Sequence = 0 // nobody knows how many there were
	all = must(subscribe(c, events, wish))
	number, _, lost = nextEvent(all)
	expect(number, 9, "the number")
	expect(lost.kind, atLeast, "the kind of loss")
	all.Cancel()
}

func resumingAnew(c *Conn) {
	all := must(subscribe(c, events,
		&wire.Subscribe{From: fromAfter, Epoch: 1, Offset: 3, Sequence: 4}))
	number, _, lost := nextEvent(all)
	expect(number, 9, "the number")
	expect(lost.kind, notKnown, "the kind of loss")
	_, _, lost = nextEvent(all)
	expect(lost, lossOf{0, exact}, "the next loss")
	all.Cancel()
}

func slowSubscriber(c *Conn) {
	all := must(subscribe(c, events, &wire.Subscribe{}))
	text := strings.Repeat("x", 1000)
	for number := int64(100); number < 400; number++ {
		expect(publish(c, events, &wire.Note{Number: number, Text: text}), nil, "publishing")
	}
	allLost := int64(0)
	for before := int64(99); before < 399; {
		number, _, lost := nextEvent(all)
		expect(lost, lossOf{uint64(number - before - 1), exact}, "the loss")
		allLost += number - before - 1
		before = number
	}
	expect(allLost > 0, true, "that anything was lost")
	all.Cancel()
}

func draining(c *Conn) {
	talk := must(c.Open(&wire.Frame{Name: peer + "Chat"}))
	_ = reply(talk, &wire.Note{Number: 1})
	nextNote(talk)
	all := must(subscribe(c, events, &wire.Subscribe{}))
	must(unary(c, "Drain", &wire.Note{}))
	c.Until(func() bool { return c.goodbye != nil })
	expect(c.goodbye.Code, ok, "the code of the goodbye")
	_, err := unary(c, "Echo", &wire.Note{}) // as if it had been on the way
	expectRejected(err, unavailable)
	_ = reply(talk, &wire.Note{Number: 2})
	expectNumbers(talk, 2, 2)
	c.Until(func() bool { expect(all.over, false, "that the subscription is over"); return true })
	talk.HalfClose()
	expect(talk.Finished(), nil, "the end")
	expectFailure(all.Finished(), unavailable)
	c.Until(func() bool { return c.closed })
}
