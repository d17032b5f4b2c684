// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// client.mjs <url>: a server of ../values.proto and of our routes, called with connect-node and with
// the platform's fetch.
import { fromJson, toJson } from "@bufbuild/protobuf";
import { StringValueSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, decodeBinaryHeader, encodeBinaryHeader } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport } from "@connectrpc/connect-node";
import { end, eventually, expect, part, same } from "./checks.mjs";
import { Values } from "./values.mjs";

const baseUrl = process.argv[2];
const binary = new Uint8Array([0, 255, 10, 32]);

function probe() {
  const seen = {};
  const headers = {
    "x-initial-a": "first",
    "x-initial-b-bin": encodeBinaryHeader(binary),
    "x-trailing-a": "last",
    "x-trailing-b-bin": encodeBinaryHeader(binary),
  };
  const options = {
    headers,
    timeoutMs: 60_000,
    onHeader: (header) => (seen.initial = header),
    onTrailer: (trailer) => (seen.trailing = trailer),
  };
  const check = (what, initial = seen.initial, trailing = seen.trailing) => {
    same(initial?.get("x-initial-a"), "first", `${what}: initial metadata`);
    same([...decodeBinaryHeader(initial?.get("x-initial-b-bin") ?? "")], [...binary], `${what}: binary`);
    same(trailing?.get("x-trailing-a"), "last", `${what}: trailing metadata`);
    same([...decodeBinaryHeader(trailing?.get("x-trailing-b-bin") ?? "")], [...binary], `${what}: binary`);
  };
  return { options, check };
}

async function thrown(promise) {
  try {
    await promise;
  } catch (error) {
    return ConnectError.from(error);
  }
  return undefined;
}

function expectAsked(error, code, what) {
  same([error?.code, error?.rawMessage], [code, "as asked"], what);
  same(error?.findDetails(StringValueSchema).map((detail) => detail.value), ["a detail"], `${what}: details`);
}

async function unary(client, name) {
  const mixed = { text: 'grüß dich \u{1f600} "\\\n\u2028', number: -1.5e300, nothing: null, list: [true, "x"] };
  for (const message of [mixed, {}, { text: "a".repeat(4 * 2 ** 20 - 64) }]) {
    const { options, check } = probe();
    const echoed = await client.echo(fromJson(StructSchema, message), options);
    same(toJson(StructSchema, echoed), message, `${name} echo`);
    check(`${name} echo`);
  }
  const got = await client.get(fromJson(StructSchema, mixed));
  same(toJson(StructSchema, got), mixed, `${name} get`);
  for (let code = Code.Canceled; code <= Code.Unauthenticated; ++code) {
    const { options, check } = probe();
    const error = await thrown(client.fail({ value: code }, options));
    expectAsked(error, code, `${name} fail ${code}`);
    // An error has all metadata in one place.
    check(`${name} fail ${code}`, error?.metadata, error?.metadata);
  }
}

async function streams(client, name) {
  for (const size of [0, 3, 1000, -1, -300]) {
    const { options, check } = probe();
    let last = 0;
    const error = await thrown(
      (async () => {
        for await (const { value } of client.count({ value: size }, options)) {
          if (value === last + 1) last = value;
        }
      })(),
    );
    same(last, Math.abs(size), `${name} count ${size}`);
    if (size < 0) expectAsked(error, Code.Aborted, `${name} count ${size}`);
    else expect(error === undefined, `${name} count ${size}: ${error}`);
    check(`${name} count ${size}`, undefined, error?.metadata);
  }
  for (const size of [0, 1, 500]) {
    const parts = Array.from({ length: size }, (_, i) => `${i}${"x".repeat(1000)}`);
    const { options, check } = probe();
    const send = async function* () {
      for (const value of parts) yield { value };
    };
    const joined = await client.join(send(), options);
    same(joined.value, parts.join(""), `${name} join ${size}`);
    check(`${name} join ${size}`);
  }
}

async function endings(client) {
  const told = async (which) => toJson(StructSchema, await client.waiting({}))[which];
  let gone = await told("gone");
  const late = await thrown(client.wait({}, { timeoutMs: 200 }));
  same(late?.code, Code.DeadlineExceeded, "wait for 200 ms");
  await eventually(() => told("gone"), ++gone, "wait for 200 ms: gone");

  // The server is told by the deadline: it answers a unary call even if it sees the end of the
  // connection's other direction.
  let stop = new AbortController();
  const waiting = thrown(client.wait({}, { signal: stop.signal, timeoutMs: 5000 }));
  await eventually(() => told("here"), 1, "wait: here");
  stop.abort();
  same((await waiting)?.code, Code.Canceled, "wait, aborted");
  await eventually(() => told("gone"), ++gone, "wait, aborted: gone");

  stop = new AbortController();
  const broken = await thrown(
    (async () => {
      for await (const tick of client.tick({}, { signal: stop.signal })) {
        same(tick.value, 1, "tick");
        await eventually(() => told("here"), 1, "tick: here");
        stop.abort();
      }
    })(),
  );
  same(broken?.code, Code.Canceled, "tick, aborted");
  await eventually(() => told("gone"), ++gone, "tick, aborted: gone");

  // The same by fetch alone.
  stop = new AbortController();
  const response = await fetch(`${baseUrl}/interop.v1.Values/Tick`, {
    method: "POST",
    headers: { "content-type": "application/connect+json" },
    body: new Uint8Array([0, 0, 0, 0, 2, 123, 125]), // {}
    signal: stop.signal,
  });
  const reader = response.body.getReader();
  same([...(await reader.read()).value], [0, 0, 0, 0, 1, 49], "fetch: the first tick");
  await eventually(() => told("here"), 1, "fetch: here");
  const reading = reader.read().catch((error) => error.name);
  stop.abort();
  same(await reading, "AbortError", "fetch, aborted");
  await eventually(() => told("gone"), ++gone, "fetch, aborted: gone");
}

/// What EventSource does with the bytes of a stream (HTML, 9.2.6), without coming back.
async function* eventsOf(response) {
  let rest = "";
  let event = { data: [] };
  for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + bytes).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data.length > 0) yield { ...event, data: event.data.join("\n") };
        event = { data: [] };
        continue;
      }
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === "data") event.data.push(value);
      else if (field !== "") event[field] = value;
    }
  }
}

async function byFetch() {
  const greet = (options) => fetch(`${baseUrl}/hello.v1.Greeter/Greet`, { method: "POST", ...options });
  const headers = { "content-type": "application/json" };
  let answer = await greet({ headers, body: '{"name":"Ada"}' });
  same([answer.status, await answer.json()], [200, { text: "Hello, Ada!" }], "fetch");
  answer = await greet({ headers, body: new Blob(['{"name":', '"Grace"}']).stream(), duplex: "half" });
  same([answer.status, await answer.json()], [200, { text: "Hello, Grace!" }], "fetch, a streaming body");
  answer = await greet({ headers, body: '{"name":""}' });
  same([answer.status, await answer.json()],
    [400, { code: "invalid_argument", message: "name is required" }], "fetch, an error");
  answer = await fetch(`${baseUrl}/v1/notes/404`);
  same([answer.status, answer.headers.get("content-type"), (await answer.json()).code],
    [404, "application/problem+json", "not_found"], "fetch, problem details");

  const listed = await fetch(`${baseUrl}/v1/notes?number=3&text=tea`, { headers: { accept: "text/event-stream" } });
  const events = [];
  for await (const event of eventsOf(listed)) events.push([event.event, event.id, JSON.parse(event.data)]);
  same(events, [
    [undefined, "1", { number: 1, text: "tea" }],
    [undefined, "2", { number: 2, text: "tea" }],
    [undefined, "3", { number: 3, text: "tea" }],
    ["end", events[3]?.[1], {}],
  ], "fetch, a stream as events");

  // A topic, read while others publish; then again behind the second event.
  const topic = `${baseUrl}/topics/interop.v1.news`;
  const publish = (number) => fetch(topic, { method: "POST", headers, body: JSON.stringify({ number, text: "n" }) });
  const read = async (lastEventId, count, before) => {
    const stop = new AbortController();
    const response = await fetch(topic, {
      headers: { accept: "text/event-stream", ...(lastEventId && { "last-event-id": lastEventId }) },
      signal: stop.signal,
    });
    same([response.status, response.headers.get("content-type")], [200, "text/event-stream"], "topic");
    await before();
    const got = [];
    for await (const event of eventsOf(response)) {
      got.push([JSON.parse(event.data).number, event.id]);
      if (got.length === count) break;
    }
    stop.abort();
    return got;
  };
  const first = await read(undefined, 3, async () => {
    for (const number of [1, 2, 3]) same((await publish(number)).status, 204, "publishing");
  });
  same(first.map(([number]) => number), [1, 2, 3], "topic: events");
  await publish(4);
  const second = await read(first[1]?.[1], 2, async () => {});
  same(second.map(([number]) => number), [3, 4], "topic: events behind the second");
}

for (const [name, options] of Object.entries({
  json: {},
  proto: { useBinaryFormat: true },
  "json, gzip": { sendCompression: compressionGzip },
  "proto, gzip, get": { useBinaryFormat: true, sendCompression: compressionGzip, useHttpGet: true },
  "json, get": { useHttpGet: true },
})) {
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", ...options });
  const client = createClient(Values, transport);
  await part(name, () => unary(client, name));
  await part(name, () => streams(client, name));
}
await part("endings", () => endings(createClient(Values, createConnectTransport({ baseUrl, httpVersion: "1.1" }))));
if (process.argv[3] !== "connect") await part("fetch", byFetch);
end();
