// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"foreign/wire"

	"google.golang.org/protobuf/proto"
)

// Service is foreign.v1.Peer, and some topics. The methods are told in python/peer.py.
type Service struct {
	hub      *Hub
	listener net.Listener

	mu      sync.Mutex
	changed *sync.Cond
	waiting int // Waits that are running
	conns   map[*Conn]bool
}

// serve prints where it listens, and serves until a client has called Drain.
func serve() error {
	s := &Service{conns: map[*Conn]bool{}, hub: newHub(8, map[string]bool{
		"foreign.v1.events": true, "foreign.v1.rooms.*": true, "foreign.v1.closed": false})}
	s.changed = sync.NewCond(&s.mu)
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	fmt.Println("listening on", s.listener.Addr())
	for {
		nc, err := s.listener.Accept()
		if err != nil {
			break // closed by Drain
		}
		var c *Conn
		c = newConn(nc, func(ctx context.Context, call *Call) error {
			return s.handle(ctx, c, call)
		}, time.Second)
		s.change(func() { s.conns[c] = true })
		go func() {
			c.Run()
			s.change(func() { delete(s.conns, c) })
		}()
	}
	s.until(func() bool { return len(s.conns) == 0 })
	return nil
}

func (s *Service) change(something func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	something()
	s.changed.Broadcast()
}

func (s *Service) until(holds func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !holds() {
		s.changed.Wait()
	}
}

func (s *Service) handle(ctx context.Context, c *Conn, call *Call) error {
	service, method, isMethod := strings.Cut(call.Name, "/")
	switch {
	case call.subscribe != nil:
		return s.hub.subscribe(ctx, call)
	case !isMethod:
		return s.hub.publish(call)
	case service != "foreign.v1.Peer":
		return fail(unimplemented, call.Name+" is not served", rejected)
	case call.format != wire.Format_PROTOBUF:
		return fail(invalidArgument, "protobuf only", rejected)
	case method == "Sum":
		return sum(call)
	case method == "Chat":
		return chat(call)
	}
	unary := map[string]func(context.Context, *Conn, *Call, *wire.Note) error{
		"Echo": s.echo, "Fail": s.fail, "Wait": s.wait, "Idle": s.idle, "Count": s.count,
		"Pings": s.pings, "Strange": s.strange, "Break": s.breakOff, "Drain": s.drain}[method]
	if unary == nil {
		return fail(unimplemented, call.Name+" is not served", rejected)
	}
	message := call.Receive()
	if message == nil || call.Receive() != nil {
		return fail(unimplemented, "one request, please", processed)
	}
	request, err := readNote(message)
	if err != nil {
		return err
	}
	return unary(ctx, c, call, request)
}

func readNote(message *Message) (*wire.Note, error) {
	note := &wire.Note{}
	if proto.Unmarshal(message.Payload, note) != nil {
		return nil, fail(invalidArgument, "not a Note", processed)
	}
	return note, nil
}

func bytesOf(note *wire.Note) []byte {
	data, err := proto.Marshal(note)
	if err != nil {
		panic(err)
	}
	return data
}

func reply(call *Call, note *wire.Note) error {
	return call.Send(&wire.Frame{Payload: bytesOf(note)})
}

func (s *Service) echo(_ context.Context, _ *Conn, call *Call, request *wire.Note) error {
	if value, found := call.Metadata["initial"]; found {
		call.SendFrame(&wire.Frame{Metadata: pairs(map[string]string{"initial": value})})
	}
	if value, found := call.Metadata["trailing-bin"]; found {
		call.Trailing["trailing-bin"] = value
	}
	return reply(call, request)
}

func (s *Service) fail(_ context.Context, _ *Conn, _ *Call, request *wire.Note) error {
	detail := &wire.Detail{Type: "polywire.test.Note", Value: bytesOf(request)}
	return failure{&wire.Status{Code: uint32(request.Number), Message: request.Text,
		Details: []*wire.Detail{detail}}}
}

func (s *Service) wait(ctx context.Context, _ *Conn, call *Call, request *wire.Note) error {
	s.change(func() { s.waiting++ })
	defer s.change(func() { s.waiting-- })
	if err := reply(call, request); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *Service) idle(_ context.Context, _ *Conn, call *Call, request *wire.Note) error {
	s.until(func() bool { return s.waiting == 0 })
	return reply(call, request)
}

func (s *Service) count(_ context.Context, _ *Conn, call *Call, request *wire.Note) error {
	for number := int64(1); number <= request.Number; number++ {
		if err := reply(call, &wire.Note{Number: number, Text: request.Text}); err != nil {
			return err
		}
	}
	return nil
}

func sum(call *Call) error {
	total, size := int64(0), 0
	for message := call.Receive(); message != nil; message = call.Receive() {
		note, err := readNote(message)
		if err != nil {
			return err
		}
		total += note.Number
		size += len(note.Text)
	}
	return reply(call, &wire.Note{Number: total, Text: strconv.Itoa(size)})
}

func chat(call *Call) error {
	for message := call.Receive(); message != nil; message = call.Receive() {
		note, err := readNote(message)
		if err != nil {
			return err
		}
		note.Text = "re: " + note.Text
		if err := reply(call, note); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) pings(_ context.Context, c *Conn, call *Call, request *wire.Note) error {
	c.mu.Lock()
	c.send(&wire.Frame{Ping: proto.Uint32(7)})
	c.until(func() bool {
		ponged := len(c.pongs) == 1 && c.pongs[0] == 7
		return call.over || ponged && int64(len(c.pings)) >= request.Number
	})
	c.mu.Unlock()
	return reply(call, request)
}

// unknownFields are of versions to come: 99 (varint), 100 (fixed32), 101 (bytes), 102 (fixed64).
var unknownFields = []byte("\x98\x06\x07" + "\xa5\x06\x01\x02\x03\x04" + "\xaa\x06\x03abc" +
	"\xb1\x06\x01\x02\x03\x04\x05\x06\x07\x08")

func (s *Service) strange(_ context.Context, c *Conn, call *Call, request *wire.Note) error {
	nothing := &wire.Frame{}
	nothing.ProtoReflect().SetUnknown(unknownFields)
	c.mu.Lock()
	c.send(nothing)
	c.mu.Unlock()
	frame := &wire.Frame{Flags: 1 << 20}
	frame.ProtoReflect().SetUnknown(unknownFields)
	call.SendFrame(frame)
	request.ProtoReflect().SetUnknown(unknownFields)
	if err := reply(call, request); err != nil {
		return err
	}
	how := &wire.Status{Code: cancelled, Message: "strange"}
	how.ProtoReflect().SetUnknown(unknownFields)
	return failure{how}
}

func (s *Service) breakOff(_ context.Context, c *Conn, _ *Call, request *wire.Note) error {
	s.hub.mu.Lock() // nobody can subscribe until all is published
	defer s.hub.mu.Unlock()
	err := c.nc.Close()
	for number := request.Number; number < request.Number+20; number++ {
		s.hub.append("foreign.v1.events", nil, bytesOf(&wire.Note{Number: number}))
	}
	return err
}

func (s *Service) drain(_ context.Context, _ *Conn, call *Call, request *wire.Note) error {
	s.listener.Close()
	s.change(func() {
		for c := range s.conns {
			c.Drain()
		}
	})
	return reply(call, request)
}
