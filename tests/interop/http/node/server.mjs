// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// Serves ../values.proto with connect-node over HTTP/1.1. Nothing here was made for polywire.
import { create, fromJson } from "@bufbuild/protobuf";
import { StringValueSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createServer } from "node:http";
import { Values } from "./values.mjs";

function sendBack(request, initial, trailing) {
  for (const [key, value] of request) {
    if (key.startsWith("x-initial")) initial.set(key, value);
    if (key.startsWith("x-trailing")) trailing.set(key, value);
  }
}

function asAsked(code) {
  const detail = create(StringValueSchema, { value: "a detail" });
  return new ConnectError("as asked", code, undefined, [{ desc: StringValueSchema, value: detail }]);
}

function echo(request, context) {
  sendBack(context.requestHeader, context.responseHeader, context.responseTrailer);
  return request;
}

let here = 0;
let gone = 0;
async function stay(signal) {
  ++here;
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  --here;
  ++gone;
  throw signal.reason;
}

const routes = (router) =>
  router.service(Values, {
    echo,
    get: echo,
    fail(request, context) {
      sendBack(context.requestHeader, context.responseHeader, context.responseTrailer);
      throw asAsked(request.value);
    },
    wait: (_, context) => stay(context.signal),
    waiting: () => fromJson(StructSchema, { here, gone }),
    async *count(request, context) {
      sendBack(context.requestHeader, context.responseHeader, context.responseTrailer);
      for (let value = 1; value <= Math.abs(request.value); ++value) yield { value };
      if (request.value < 0) throw asAsked(10);
    },
    async *tick(_, context) {
      yield { value: 1 };
      await stay(context.signal);
    },
    async join(parts, context) {
      sendBack(context.requestHeader, context.responseHeader, context.responseTrailer);
      let value = "";
      for await (const part of parts) value += part.value;
      return { value };
    },
  });

const server = createServer(connectNodeAdapter({ routes }));
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
