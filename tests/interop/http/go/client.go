// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A client of one server, in one of the ways that Connect can be spoken.
type caller struct {
	url     string
	name    string
	options []connect.ClientOption
}

func client[Request, Response any](c *caller, method string, more ...connect.ClientOption) *connect.Client[Request, Response] {
	return connect.NewClient[Request, Response](http.DefaultClient, c.url+"/interop.v1.Values/"+method, append(more, c.options...)...)
}

func soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 60*time.Second)
}

const binary = "\x00\xff\n "

func askMetadata(header http.Header) {
	header.Set("x-initial-a", "first")
	header.Set("x-initial-b-bin", connect.EncodeBinaryHeader([]byte(binary)))
	header.Set("x-trailing-a", "last")
	header.Set("x-trailing-b-bin", connect.EncodeBinaryHeader([]byte(binary)))
}

func (c *caller) expectMetadata(what string, initial, trailing http.Header) {
	for _, probe := range []struct {
		header http.Header
		key    string
	}{{initial, "x-initial"}, {trailing, "x-trailing"}} {
		text := map[string]string{"x-initial": "first", "x-trailing": "last"}[probe.key]
		expect(probe.header.Get(probe.key+"-a") == text, "%s %s: %s is %q", c.name, what, probe.key, probe.header)
		got, err := connect.DecodeBinaryHeader(probe.header.Get(probe.key + "-b-bin"))
		expect(err == nil && string(got) == binary, "%s %s: binary %s is %q", c.name, what, probe.key, probe.header)
	}
}

func (c *caller) expectAsked(what string, err error, code connect.Code) {
	var how *connect.Error
	if !errors.As(err, &how) {
		expect(false, "%s %s: %v", c.name, what, err)
		return
	}
	expect(how.Code() == code && how.Message() == "as asked", "%s %s: %v", c.name, what, how)
	expect(len(how.Details()) == 1, "%s %s: %d details", c.name, what, len(how.Details()))
	for _, detail := range how.Details() {
		value, err := detail.Value()
		said, ok := value.(*wrapperspb.StringValue)
		expect(err == nil && ok && said.Value == "a detail", "%s %s: the detail is %v, %v", c.name, what, value, err)
	}
}

func (c *caller) unary() {
	ctx, done := soon()
	defer done()
	mixed, err := structpb.NewStruct(map[string]any{
		"text": "grüß dich \U0001f600 \"\\\n\u2028", "number": -1.5e300, "nothing": nil, "list": []any{true, "x"}})
	if err != nil {
		panic(err)
	}
	big, _ := structpb.NewStruct(map[string]any{"text": strings.Repeat("a", 4<<20-64)})
	for name, message := range map[string]*structpb.Struct{"a mixed struct": mixed, "nothing": {}, "4 MiB": big} {
		request := connect.NewRequest(message)
		askMetadata(request.Header())
		response, err := client[structpb.Struct, structpb.Struct](c, "Echo").CallUnary(ctx, request)
		expect(err == nil, "%s Echo of %s: %v", c.name, name, err)
		if err == nil {
			expect(proto.Equal(response.Msg, message), "%s Echo of %s: it is another", c.name, name)
			c.expectMetadata("Echo", response.Header(), response.Trailer())
		}
	}
	get := client[structpb.Struct, structpb.Struct](c, "Get", connect.WithIdempotency(connect.IdempotencyNoSideEffects))
	response, err := get.CallUnary(ctx, connect.NewRequest(mixed))
	expect(err == nil && proto.Equal(response.Msg, mixed), "%s Get: %v", c.name, err)

	_, err = client[emptypb.Empty, emptypb.Empty](c, "Unknown").CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
	expect(connect.CodeOf(err) == connect.CodeUnimplemented, "%s Unknown: %v", c.name, err)

	for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
		request := connect.NewRequest(wrapperspb.Int32(int32(code)))
		askMetadata(request.Header())
		_, err = client[wrapperspb.Int32Value, emptypb.Empty](c, "Fail").CallUnary(ctx, request)
		what := "Fail " + code.String()
		c.expectAsked(what, err, code)
		var how *connect.Error
		if errors.As(err, &how) {
			// Headers and trailers of an error are one map here.
			trailing := http.Header{}
			for key, values := range how.Meta() {
				trailing[strings.TrimPrefix(key, "Trailer-")] = values
			}
			c.expectMetadata(what, how.Meta(), trailing)
		}
	}
}

func (c *caller) streams() {
	ctx, done := soon()
	defer done()
	for _, size := range []int32{0, 3, 1000, -1, -300} {
		what := fmt.Sprint("Count ", size)
		request := connect.NewRequest(wrapperspb.Int32(size))
		askMetadata(request.Header())
		numbers, err := client[wrapperspb.Int32Value, wrapperspb.Int32Value](c, "Count").CallServerStream(ctx, request)
		if expect(err == nil, "%s %s: %v", c.name, what, err); err != nil {
			continue
		}
		last := int32(0)
		for numbers.Receive() && numbers.Msg().Value == last+1 {
			last++
		}
		expect(last == max(size, -size), "%s %s: the last is %d", c.name, what, last)
		if size < 0 {
			c.expectAsked(what, numbers.Err(), connect.CodeAborted)
		} else {
			expect(numbers.Err() == nil, "%s %s: %v", c.name, what, numbers.Err())
		}
		c.expectMetadata(what, numbers.ResponseHeader(), numbers.ResponseTrailer())
		numbers.Close()
	}
	for _, count := range []int{0, 1, 500} {
		what := fmt.Sprint("Join ", count)
		parts := client[wrapperspb.StringValue, wrapperspb.StringValue](c, "Join").CallClientStream(ctx)
		askMetadata(parts.RequestHeader())
		all := ""
		for i := range count {
			part := fmt.Sprint(i, strings.Repeat("x", 1000))
			all += part
			if err := parts.Send(wrapperspb.String(part)); err != nil {
				expect(false, "%s %s: sending: %v", c.name, what, err)
				break
			}
		}
		response, err := parts.CloseAndReceive()
		expect(err == nil && response.Msg.Value == all, "%s %s: %v", c.name, what, err)
		if err == nil {
			c.expectMetadata(what, response.Header(), response.Trailer())
		}
	}
}

func (c *caller) told(which string) int {
	ctx, done := soon()
	defer done()
	response, err := client[emptypb.Empty, structpb.Struct](c, "Waiting").CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
	if err != nil {
		expect(false, "%s Waiting: %v", c.name, err)
		return -1
	}
	return int(response.Msg.Fields[which].GetNumberValue())
}

func (c *caller) expectTold(what, which string, count int) {
	end := time.Now().Add(60 * time.Second)
	last := c.told(which)
	for ; last != count && time.Now().Before(end); last = c.told(which) {
		time.Sleep(10 * time.Millisecond)
	}
	expect(last == count, "%s %s: %s are %d", c.name, what, which, last)
}

// Nothing that a client has given up goes on in the server.
func (c *caller) endings() {
	gone := c.told("gone")
	short, done := context.WithTimeout(context.Background(), 200*time.Millisecond)
	_, err := client[emptypb.Empty, emptypb.Empty](c, "Wait").CallUnary(short, connect.NewRequest(&emptypb.Empty{}))
	done()
	expect(connect.CodeOf(err) == connect.CodeDeadlineExceeded, "%s Wait for 200 ms: %v", c.name, err)
	c.expectTold("Wait for 200 ms", "gone", gone+1)

	// The server is told by the deadline: it answers a unary call even if it sees the end of the
	// connection's other direction.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	ended := make(chan error)
	go func() {
		_, err := client[emptypb.Empty, emptypb.Empty](c, "Wait").CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
		ended <- err
	}()
	c.expectTold("Wait", "here", 1)
	cancel()
	err = <-ended
	expect(connect.CodeOf(err) == connect.CodeCanceled, "%s Wait, cancelled: %v", c.name, err)
	c.expectTold("Wait, cancelled", "gone", gone+2)

	ctx, cancel = context.WithCancel(context.Background())
	ticks, err := client[emptypb.Empty, wrapperspb.Int32Value](c, "Tick").CallServerStream(ctx, connect.NewRequest(&emptypb.Empty{}))
	expect(err == nil && ticks.Receive(), "%s Tick: %v", c.name, err)
	c.expectTold("Tick", "here", 1)
	cancel()
	if ticks != nil {
		ticks.Close()
	}
	c.expectTold("Tick, cancelled", "gone", gone+3)

	short, done = context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer done()
	ticks, err = client[emptypb.Empty, wrapperspb.Int32Value](c, "Tick").CallServerStream(short, connect.NewRequest(&emptypb.Empty{}))
	if err == nil {
		for ticks.Receive() {
		}
		err = ticks.Err()
		ticks.Close()
	}
	expect(connect.CodeOf(err) == connect.CodeDeadlineExceeded, "%s Tick for 500 ms: %v", c.name, err)
	c.expectTold("Tick for 500 ms", "gone", gone+4)
}

func callByConnect(url string) {
	for name, options := range map[string][]connect.ClientOption{
		"proto":           {},
		"json":            {connect.WithProtoJSON()},
		"proto, gzip":     {connect.WithSendGzip()},
		"json, gzip":      {connect.WithProtoJSON(), connect.WithSendGzip()},
		"proto, get":      {connect.WithHTTPGet()},
		"json, get, gzip": {connect.WithProtoJSON(), connect.WithHTTPGet(), connect.WithSendGzip()},
	} {
		c := &caller{url, name, options}
		c.unary()
		c.streams()
	}
	(&caller{url: url, name: "endings"}).endings()
}

// What any program in Go does that knows of no Connect.
func callByHTTP(url string) {
	post := func(ctx context.Context, name string, body io.Reader) (string, error) {
		request, err := http.NewRequestWithContext(ctx, "POST", url+"/hello.v1.Greeter/Greet", body)
		if err != nil {
			return "", err
		}
		request.Header.Set("content-type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return fmt.Sprint(response.StatusCode, " ", string(text)), err
	}
	// One connection for calls in turn, also for a body whose size is not known before.
	reused := 0
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if info.Reused {
				reused++
			}
		}})
	for i := range 20 {
		body := io.Reader(strings.NewReader(`{"name":"Ada"}`))
		if i%2 == 1 {
			body = io.MultiReader(body)
		}
		got, err := post(ctx, "Ada", body)
		expect(err == nil && got == `200 {"text":"Hello, Ada!"}`, "post: %s, %v", got, err)
	}
	expect(reused >= 19, "connections: %d of 20 calls reused one", reused)

	group := sync.WaitGroup{}
	got := make([]string, 200)
	for i := range got {
		group.Add(1)
		go func() {
			defer group.Done()
			name, _ := json.Marshal(map[string]string{"name": fmt.Sprint(i)})
			text, err := post(context.Background(), "", bytes.NewReader(name))
			got[i] = fmt.Sprint(text, err)
		}()
	}
	group.Wait()
	for i, text := range got {
		expect(text == fmt.Sprintf(`200 {"text":"Hello, %d!"}<nil>`, i), "200 at once: %d: %s", i, text)
	}
}
