// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func sendBack(request, initial, trailing http.Header) {
	for key, values := range request {
		switch {
		case strings.HasPrefix(key, "X-Initial"):
			initial[key] = values
		case strings.HasPrefix(key, "X-Trailing"):
			trailing[key] = values
		}
	}
}

func echo(_ context.Context, request *connect.Request[structpb.Struct]) (*connect.Response[structpb.Struct], error) {
	response := connect.NewResponse(request.Msg)
	sendBack(request.Header(), response.Header(), response.Trailer())
	return response, nil
}

func asAsked(code int32) *connect.Error {
	how := connect.NewError(connect.Code(code), errors.New("as asked"))
	detail, err := connect.NewErrorDetail(wrapperspb.String("a detail"))
	if err != nil {
		panic(err)
	}
	how.AddDetail(detail)
	return how
}

func fail(_ context.Context, request *connect.Request[wrapperspb.Int32Value]) (*connect.Response[emptypb.Empty], error) {
	how := asAsked(request.Msg.Value)
	// The metadata of an error are its headers; those that begin with "Trailer-" are trailing.
	trailing := http.Header{}
	sendBack(request.Header(), how.Meta(), trailing)
	for key, values := range trailing {
		how.Meta()["Trailer-"+key] = values
	}
	return nil, how
}

// Those who wait until nobody wants an answer any more.
type waitingRoom struct {
	mutex      sync.Mutex
	here, gone int
}

func (room *waitingRoom) stay(ctx context.Context) error {
	room.mutex.Lock()
	room.here++
	room.mutex.Unlock()
	<-ctx.Done()
	room.mutex.Lock()
	room.here--
	room.gone++
	room.mutex.Unlock()
	return ctx.Err()
}

func (room *waitingRoom) wait(ctx context.Context, _ *connect.Request[emptypb.Empty]) (*connect.Response[emptypb.Empty], error) {
	return nil, room.stay(ctx)
}

func (room *waitingRoom) waiting(context.Context, *connect.Request[emptypb.Empty]) (*connect.Response[structpb.Struct], error) {
	room.mutex.Lock()
	defer room.mutex.Unlock()
	return connect.NewResponse(&structpb.Struct{Fields: map[string]*structpb.Value{
		"here": structpb.NewNumberValue(float64(room.here)),
		"gone": structpb.NewNumberValue(float64(room.gone)),
	}}), nil
}

func (room *waitingRoom) tick(ctx context.Context, _ *connect.Request[emptypb.Empty], out *connect.ServerStream[wrapperspb.Int32Value]) error {
	if err := out.Send(wrapperspb.Int32(1)); err != nil {
		return err
	}
	return room.stay(ctx)
}

func count(_ context.Context, request *connect.Request[wrapperspb.Int32Value], out *connect.ServerStream[wrapperspb.Int32Value]) error {
	sendBack(request.Header(), out.ResponseHeader(), out.ResponseTrailer())
	wanted := request.Msg.Value
	for i := int32(1); i <= max(wanted, -wanted); i++ {
		if err := out.Send(wrapperspb.Int32(i)); err != nil {
			return err
		}
	}
	if wanted < 0 {
		return asAsked(10)
	}
	return nil
}

func join(_ context.Context, parts *connect.ClientStream[wrapperspb.StringValue]) (*connect.Response[wrapperspb.StringValue], error) {
	joined := strings.Builder{}
	for parts.Receive() {
		joined.WriteString(parts.Msg().Value)
	}
	if err := parts.Err(); err != nil {
		return nil, err
	}
	response := connect.NewResponse(wrapperspb.String(joined.String()))
	sendBack(parts.RequestHeader(), response.Header(), response.Trailer())
	return response, nil
}

func serve() {
	room := &waitingRoom{}
	mux := http.NewServeMux()
	handle := func(method string, handler http.Handler) { mux.Handle("/interop.v1.Values/"+method, handler) }
	handle("Echo", connect.NewUnaryHandler("/interop.v1.Values/Echo", echo))
	handle("Get", connect.NewUnaryHandler("/interop.v1.Values/Get", echo, connect.WithIdempotency(connect.IdempotencyNoSideEffects)))
	handle("Fail", connect.NewUnaryHandler("/interop.v1.Values/Fail", fail))
	handle("Wait", connect.NewUnaryHandler("/interop.v1.Values/Wait", room.wait))
	handle("Waiting", connect.NewUnaryHandler("/interop.v1.Values/Waiting", room.waiting))
	handle("Count", connect.NewServerStreamHandler("/interop.v1.Values/Count", count))
	handle("Tick", connect.NewServerStreamHandler("/interop.v1.Values/Tick", room.tick))
	handle("Join", connect.NewClientStreamHandler("/interop.v1.Values/Join", join))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	panic(http.Serve(listener, mux))
}
