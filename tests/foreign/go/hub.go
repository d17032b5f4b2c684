// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"foreign/wire"
)

// Where a subscription begins, and kinds of loss.
const (
	fromNow = uint32(iota)
	fromEarliest
	fromLast
	fromAfter

	exact    = uint32(0)
	atLeast  = uint32(1)
	notKnown = uint32(2)
)

type event struct {
	offset, sequence uint64
	topic            string
	key, payload     []byte
}

// A topicLog is what is kept of a topic.
type topicLog struct {
	kept      []event
	count     uint64 // events so far: the sequence of the newest one
	forgotten uint64 // offset of the newest one that was dropped
}

// nextAfter is the sequence of the first event behind this offset that is kept, or will come.
func (t *topicLog) nextAfter(offset uint64) uint64 {
	for _, e := range t.kept {
		if e.offset > offset {
			return e.sequence
		}
	}
	return t.count + 1
}

// Hub has a log for each topic, and subscriptions that are cursors into them. Of the ways to
// overflow there is "drop the oldest" only, which is what a log that forgets does; no groups.
type Hub struct {
	keep    int
	epoch   uint64
	offered map[string]bool // pattern: whether clients may publish

	mu      sync.Mutex
	changed *sync.Cond
	offset  uint64
	topics  map[string]*topicLog
}

func newHub(keep int, offered map[string]bool) *Hub {
	h := &Hub{keep: keep, epoch: uint64(time.Now().UnixMicro()), offered: offered,
		topics: map[string]*topicLog{}}
	h.changed = sync.NewCond(&h.mu)
	return h
}

func isWild(pattern string) bool { return strings.ContainsAny(pattern, "*>") }

// meet tells whether there can be a topic that both patterns take.
func meet(pattern, other string) bool {
	a, b := strings.Split(pattern, "."), strings.Split(other, ".")
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] == ">" || b[i] == ">" {
			return true
		}
		if a[i] != b[i] && a[i] != "*" && b[i] != "*" {
			return false
		}
	}
	return len(a) == len(b)
}

func (h *Hub) offer(name string) (accepts, found bool) {
	for pattern, accepts := range h.offered {
		if meet(pattern, name) {
			return accepts, true
		}
	}
	return false, false
}

// publish serves a call that publishes.
func (h *Hub) publish(call *Call) error {
	if accepts, found := h.offer(call.Name); !found || isWild(call.Name) {
		return fail(notFound, "nobody offers "+call.Name, rejected)
	} else if !accepts {
		return fail(permissionDenied, "only the server publishes", rejected)
	}
	message := call.Receive()
	if message == nil || call.Receive() != nil || len(call.key) > 255 || call.format != 0 {
		return fail(invalidArgument, "an event is one message, and a short key", processed)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.append(call.Name, call.key, message.Payload)
	return nil
}

// append wants mu held.
func (h *Hub) append(name string, key, payload []byte) {
	topic := h.topics[name]
	if topic == nil {
		topic = &topicLog{}
		h.topics[name] = topic
	}
	if len(topic.kept) == h.keep {
		topic.forgotten = topic.kept[0].offset
		topic.kept = topic.kept[1:]
	}
	h.offset++
	topic.count++
	topic.kept = append(topic.kept, event{h.offset, topic.count, name, key, payload})
	h.changed.Broadcast()
}

// A subscription is a cursor.
type subscription struct {
	*Hub
	pattern  string
	wild     bool
	cursor   uint64               // offset of the last event that it has
	expected map[*topicLog]uint64 // sequence of the next event; of topics that are new: 1
	lost     uint64
	kind     uint32
}

// subscribe serves a subscription until it is cancelled.
func (h *Hub) subscribe(ctx context.Context, call *Call) error {
	wish := call.subscribe
	if _, found := h.offer(call.Name); !found {
		return fail(notFound, "nobody offers "+call.Name, rejected)
	}
	if wish.Overflow == 3 {
		return fail(permissionDenied, "this topic waits for nobody", rejected)
	} else if wish.Overflow != 0 || len(wish.Group) > 0 {
		return fail(unimplemented, "neither groups nor other overflows here", rejected)
	}
	if call.Receive() != nil || call.format != 0 {
		return fail(invalidArgument, "this topic is of protobuf", processed)
	}
	s := &subscription{Hub: h, pattern: call.Name, wild: isWild(call.Name)}
	position, err := s.begin(wish)
	if err != nil {
		return err
	}
	call.SendFrame(&wire.Frame{Position: position})

	go func() { // wakes s.next
		<-ctx.Done()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.changed.Broadcast()
	}()
	for {
		frame := s.next(ctx)
		if frame == nil {
			return ctx.Err()
		}
		if err := call.Send(frame); err != nil {
			return err
		}
	}
}

// matching are the topics that it takes.
func (s *subscription) matching() (topics []*topicLog) {
	for name, topic := range s.topics {
		if meet(s.pattern, name) {
			topics = append(topics, topic)
		}
	}
	return topics
}

// nth is the nth event behind the cursor.
func (s *subscription) nth(n int) *event {
	at := s.cursor
	for ; ; n-- {
		var first *event
		for _, topic := range s.matching() {
			for i := range topic.kept {
				if e := &topic.kept[i]; e.offset > at && (first == nil || e.offset < first.offset) {
					first = e
				}
			}
		}
		if first == nil || n == 0 {
			return first
		}
		at = first.offset
	}
}

func (s *subscription) begin(wish *wire.Subscribe) (*wire.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	anew := wish.From == fromAfter && wish.Epoch != s.epoch
	skip := 0 // events that are kept, and not wanted
	switch {
	case wish.From == fromEarliest || anew:
	case wish.From == fromAfter && wish.Offset > s.offset:
		return nil, fail(invalidArgument, "that event is yet to come", rejected)
	case wish.From == fromAfter:
		s.cursor = wish.Offset
	case wish.From == fromNow || wish.Count == 0:
		s.cursor = s.offset
	default:
		for s.nth(skip+int(wish.Count)) != nil {
			skip++
		}
	}
	if wish.From != fromAfter || anew {
		if first := s.nth(skip); first != nil {
			s.cursor = first.offset - 1
		} else {
			s.cursor = s.offset
		}
	}
	if anew {
		s.kind = notKnown
	}
	s.expected = map[*topicLog]uint64{}
	position := &wire.Position{Epoch: s.epoch, Offset: s.cursor, Sequence: 1}
	for _, topic := range s.matching() {
		next := topic.nextAfter(s.cursor)
		if wish.From == fromAfter && !anew && topic.forgotten > s.cursor {
			// How many it has missed only its own count can tell.
			if !s.wild && wish.Sequence > 0 && wish.Sequence <= next {
				next = wish.Sequence
			} else {
				s.lost, s.kind = s.lost+1, atLeast
			}
		}
		s.expected[topic] = next
		position.Sequence = next - s.lost
	}
	if s.wild {
		position.Sequence = 0
	}
	return position, nil
}

// next waits for the next event, nil when nobody waits for it any more.
func (s *subscription) next(ctx context.Context) *wire.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.nth(0) == nil || ctx.Err() != nil {
		if ctx.Err() != nil {
			return nil
		}
		s.changed.Wait()
	}
	next := s.nth(0)
	for _, topic := range s.matching() {
		if s.expected[topic] == 0 {
			s.expected[topic] = 1
		}
		first := topic.nextAfter(s.cursor)
		s.lost += first - s.expected[topic]
		s.expected[topic] = first
	}
	s.expected[s.topics[next.topic]]++
	s.cursor = next.offset
	frame := &wire.Frame{Payload: next.payload, Event: next.offset, Key: next.key, Lost: s.lost,
		LostKind: s.kind}
	if s.wild {
		frame.Name = next.topic
	}
	s.lost, s.kind = 0, exact
	return frame
}
