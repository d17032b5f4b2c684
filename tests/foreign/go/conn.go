// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"foreign/wire"

	"google.golang.org/protobuf/proto"
)

const (
	last   = 1
	more   = 2
	end    = 4
	cancel = 8
)

const (
	ok = uint32(iota)
	cancelled
	unknown
	invalidArgument
	deadlineExceeded
	notFound
	alreadyExists
	permissionDenied
	resourceExhausted
	failedPrecondition
	aborted
	outOfRange
	unimplemented
	internal
	unavailable
)

const (
	processed = uint32(iota)
	rejected
)

var (
	preface  = []byte{0xf0, 0x50, 0x57, 0x01}
	defaults = &wire.Hello{MaxMessage: 4 << 20, MaxCalls: 100, MaxFrame: 64 << 10,
		CallCredit: 256 << 10, ConnectionCredit: 1 << 20, MaxSubscriptions: 1000}
	// What we announce: little, so that it is felt.
	mine = &wire.Hello{MaxMessage: 2 << 20, MaxCalls: 20, CallCredit: 64 << 10,
		ConnectionCredit: 256 << 10}

	methodName = regexp.MustCompile(`^\w+(\.\w+)*/\w+(\.\w+)*$`)
	pattern    = regexp.MustCompile(`^(([\w-]+|\*)\.)*([\w-]+|\*|>)$`)
)

// A violation is a rule that the peer broke: a connection error.
type violation string

func (v violation) Error() string { return string(v) }

// A failure is how a call ended that did not end well.
type failure struct{ *wire.Status }

func (f failure) Error() string { return fmt.Sprintf("%d: %s", f.GetCode(), f.GetMessage()) }

func fail(code uint32, message string, outcome uint32) error {
	return failure{&wire.Status{Code: code, Message: message, Outcome: outcome}}
}

func statusOf(err error) *wire.Status {
	var why failure
	if err == nil {
		return nil
	} else if errors.As(err, &why) {
		return why.Status
	}
	return &wire.Status{Code: internal, Message: err.Error()}
}

// A handler serves one call; the context ends when nobody waits any more.
type handler func(context.Context, *Call) error

// Conn is one end of a polywire connection over tcp, from docs/protocols.md and what protoc makes
// of frame.proto. Functions with a lower case name want mu held.
type Conn struct {
	nc           net.Conn
	serve        handler // nil: we are the client
	pingInterval time.Duration

	mu      sync.Mutex
	changed *sync.Cond // anything below
	out     []byte     // to be written
	calls   map[uint32]*Call
	peer    *wire.Hello
	credit  int64 // what we may send
	window  int64 // what the peer may send
	owed    int64 // received, and not given back yet

	numbers  map[string]uint32 // bound by us
	names    map[uint32]string // bound by the peer
	greeted  bool
	draining bool
	closing  bool // once everything is written
	closed   bool
	goodbye  *wire.Status
	pings    []uint32 // that came
	pongs    []uint32
}

func newConn(nc net.Conn, serve handler, pingInterval time.Duration) *Conn {
	c := &Conn{nc: nc, serve: serve, pingInterval: pingInterval, calls: map[uint32]*Call{},
		peer: proto.Clone(defaults).(*wire.Hello), credit: int64(defaults.ConnectionCredit),
		window: int64(mine.ConnectionCredit), numbers: map[string]uint32{}, names: map[uint32]string{}}
	if serve != nil { // a client may send before it has read our hello
		c.window = int64(defaults.ConnectionCredit)
	}
	c.changed = sync.NewCond(&c.mu)
	c.out = append(c.out, preface...)
	c.send(&wire.Frame{Hello: mine})
	go c.write()
	return c
}

// Dial makes a client's connection.
func Dial(address string, pingInterval time.Duration) (*Conn, error) {
	nc, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := newConn(nc, nil, pingInterval)
	go c.Run()
	return c, nil
}

// Until waits until something of the connection holds.
func (c *Conn) Until(holds func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until(holds)
}

func (c *Conn) until(holds func() bool) {
	for !holds() {
		c.changed.Wait()
	}
}

// Open opens a call; the frame says what to send with it, and leaves with the first message, or
// with the half-close.
func (c *Conn) Open(opening *wire.Frame) (*Call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := c.peer.MaxCalls
	if opening.Subscribe != nil {
		most = c.peer.MaxSubscriptions
	}
	c.until(func() bool { return c.closed || c.count(opening.Subscribe != nil) < most })
	if c.closed {
		return nil, fail(unavailable, "the connection is closed", rejected)
	}
	for opening.Call = 1; c.calls[opening.Call] != nil; opening.Call++ {
	}
	call := newCall(c, opening)
	call.opening = opening
	c.calls[opening.Call] = call
	if opening.TimeoutUs != nil {
		call.timer = time.AfterFunc(microseconds(*opening.TimeoutUs), func() {
			call.giveUp(fail(deadlineExceeded, "the deadline has passed", processed))
		})
	}
	return call, nil
}

// count tells how many subscriptions are open, or how many other calls.
func (c *Conn) count(subscriptions bool) (n uint32) {
	for _, call := range c.calls {
		if (call.subscribe != nil) == subscriptions {
			n++
		}
	}
	return n
}

// Drain takes, or makes, no more calls, and closes behind the last one.
func (c *Conn) Drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	c.send(&wire.Frame{Goodbye: &wire.Status{}})
	c.closeIfDone()
}

// closeIfDone also ends the subscriptions, when nothing else is open: they would go on for ever.
func (c *Conn) closeIfDone() {
	if !c.draining || c.count(false) > 0 {
		return
	}
	for _, call := range c.calls {
		if c.serve != nil {
			call.end(fail(unavailable, "the server stops", processed))
		} else {
			call.cancel(fail(cancelled, "the client leaves", processed))
		}
	}
	c.closing = len(c.calls) == 0
}

func (c *Conn) remove(call *Call) {
	delete(c.calls, call.id)
	c.closeIfDone()
	c.changed.Broadcast()
}

// send appends a frame to what is to be written.
func (c *Conn) send(frame *wire.Frame) {
	data, err := proto.Marshal(frame)
	if err != nil {
		panic(err) // a string of ours that is not UTF-8
	}
	size := len(data)
	for ; size > 0x7f; size >>= 7 {
		c.out = append(c.out, byte(size)|0x80)
	}
	c.out = append(append(c.out, byte(size)), data...)
	c.changed.Broadcast()
}

func (c *Conn) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		c.until(func() bool { return len(c.out) > 0 || c.closing })
		if len(c.out) == 0 {
			c.nc.Close()
			return
		}
		data := c.out
		c.out = nil
		c.changed.Broadcast()
		c.mu.Unlock()
		c.nc.Write(data) // whether that fails is noticed where we read
		c.mu.Lock()
	}
}

// bind puts a number in place of a name that the peer knows, or binds one.
func (c *Conn) bind(frame *wire.Frame) {
	if number, bound := c.numbers[frame.Name]; bound {
		frame.Method, frame.Name = number, ""
	} else if frame.Name != "" && len(c.numbers) < 1024 {
		frame.Method = uint32(len(c.numbers) + 1)
		c.numbers[frame.Name] = frame.Method
	}
}

// nameOf is the name that a frame means, by itself or by number.
func (c *Conn) nameOf(frame *wire.Frame) (string, error) {
	if frame.Method == 0 {
		return frame.Name, nil
	}
	name, bound := c.names[frame.Method]
	if frame.Method > 1024 || bound != (frame.Name == "") {
		return "", violation(fmt.Sprintf("number %d cannot be used, or bound", frame.Method))
	}
	if !bound {
		name = frame.Name
		c.names[frame.Method] = name
	}
	return name, nil
}

// Run reads until the connection is over.
func (c *Conn) Run() {
	err := c.readFrames(bufio.NewReader(keepalive{c}))
	c.mu.Lock()
	defer c.mu.Unlock()
	lost := &wire.Status{Code: unavailable, Message: "the connection was lost"}
	var broken violation
	if errors.As(err, &broken) {
		lost = &wire.Status{Code: invalidArgument, Message: broken.Error()}
		c.send(&wire.Frame{Goodbye: lost})
	}
	if c.goodbye.GetCode() != ok {
		lost.Outcome = c.goodbye.Outcome
	}
	for _, call := range c.calls {
		call.finish(lost)
	}
	c.calls = map[uint32]*Call{}
	c.nc.SetWriteDeadline(time.Now().Add(2 * time.Second))
	c.closing, c.closed = true, true
	c.changed.Broadcast()
}

// keepalive reads, and pings when nothing comes.
type keepalive struct{ *Conn }

func (c keepalive) Read(p []byte) (int, error) {
	for silent := uint32(1); ; silent++ {
		c.nc.SetReadDeadline(time.Now().Add(c.pingInterval))
		n, err := c.nc.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || silent == 3 {
			return n, err
		}
		c.mu.Lock()
		c.send(&wire.Frame{Ping: &silent})
		c.mu.Unlock()
	}
}

func (c *Conn) readFrames(in *bufio.Reader) error {
	for _, wanted := range preface {
		if got, err := in.ReadByte(); err != nil {
			return err
		} else if got != wanted {
			return violation("not the preface")
		}
	}
	for {
		frame, err := readFrame(in)
		if err != nil {
			return err
		}
		c.mu.Lock()
		err = c.onFrame(frame)
		c.changed.Broadcast()
		c.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func readFrame(in *bufio.Reader) (*wire.Frame, error) {
	size := uint64(0)
	for shift := 0; ; shift += 7 {
		b, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		size |= uint64(b&0x7f) << shift
		if b < 0x80 {
			break
		} else if shift == 28 {
			return nil, violation("a length of more than 5 bytes")
		}
	}
	if size > uint64(defaults.MaxFrame) {
		return nil, violation(fmt.Sprintf("a frame of %d bytes", size))
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, err
	}
	frame := &wire.Frame{}
	if proto.Unmarshal(data, frame) != nil {
		return nil, violation("a malformed frame")
	}
	return frame, nil
}

func microseconds(n uint64) time.Duration {
	if n > 1<<50 { // 35 years
		n = 1 << 50
	}
	return time.Duration(n) * time.Microsecond
}

// cost is the credit that a frame takes.
func cost(frame *wire.Frame) int64 {
	if frame.Payload == nil {
		return 0
	}
	return int64(len(frame.Payload)) + 32
}

func (c *Conn) onFrame(frame *wire.Frame) error {
	if (frame.Hello != nil) == c.greeted {
		return violation("the first frame is the hello, and no other")
	}
	if frame.Call == 0 {
		return c.onConnectionFrame(frame)
	}
	c.window -= cost(frame)
	if c.window < 0 {
		return violation("a payload without credit for the connection")
	}
	c.owed += cost(frame)
	if c.owed >= int64(mine.ConnectionCredit)/2 {
		c.send(&wire.Frame{Credit: uint32(c.owed)})
		c.window += c.owed
		c.owed = 0
	}
	call := c.calls[frame.Call]
	if c.serve != nil && (frame.Method != 0 || frame.Name != "") {
		if call != nil {
			return violation(fmt.Sprintf("call %d is open already", frame.Call))
		}
		return c.onOpening(frame)
	}
	if call != nil {
		return call.onFrame(frame)
	}
	if c.serve == nil {
		return violation(fmt.Sprintf("call %d is not open", frame.Call))
	}
	return nil // it ended before this frame came
}

func (c *Conn) onConnectionFrame(frame *wire.Frame) error {
	if frame.Payload != nil {
		return violation("a payload without a call")
	}
	if hello := frame.Hello; hello != nil {
		c.greeted = true
		if hello.MaxFrame < 16<<10 {
			hello.MaxFrame = 0
		}
		proto.Merge(c.peer, hello) // a field that is 0 changes nothing
		c.credit += int64(c.peer.ConnectionCredit) - int64(defaults.ConnectionCredit)
		for _, call := range c.calls {
			call.credit += int64(c.peer.CallCredit) - int64(defaults.CallCredit)
		}
	}
	if frame.Ping != nil {
		c.pings = append(c.pings, *frame.Ping)
		c.send(&wire.Frame{Pong: frame.Ping})
	}
	if frame.Pong != nil {
		c.pongs = append(c.pongs, *frame.Pong)
	}
	if frame.Goodbye != nil {
		c.goodbye = frame.Goodbye
	}
	c.credit += int64(frame.Credit)
	if c.credit >= 1<<32 {
		return violation("too much credit")
	}
	return nil
}

func (c *Conn) onOpening(frame *wire.Frame) error {
	name, err := c.nameOf(frame)
	if err != nil {
		return err
	}
	frame.Name = name
	isMethod := strings.Contains(name, "/")
	wellFormed := isMethod && methodName.MatchString(name) || !isMethod && pattern.MatchString(name)
	wellFormed = wellFormed && len(name) <= 255
	if frame.Format > wire.Format_BYTES {
		return violation("a format that is not known")
	}
	if wish := frame.Subscribe; wish != nil &&
		(isMethod || !wellFormed || wish.From > 3 || wish.Overflow > 3) {
		return violation("no such subscription")
	}
	call := newCall(c, frame)
	switch {
	case c.draining:
		call.end(fail(unavailable, "the server stops", rejected))
	case !wellFormed:
		call.end(fail(unimplemented, "a malformed name", rejected))
	case frame.Subscribe == nil && c.count(false) >= mine.MaxCalls:
		call.end(fail(resourceExhausted, "too many calls", rejected))
	case frame.Subscribe != nil && c.count(true) >= defaults.MaxSubscriptions:
		call.end(fail(resourceExhausted, "too many subscriptions", rejected))
	default:
		c.calls[frame.Call] = call
		return call.begin(frame)
	}
	return nil
}
