// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// Answers calls as no server of Connect does, but what stands in front of one may. The method's name
// says how; ../client.cpp says what our client has to make of it.
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

const html = { "content-type": "text/html" };
const json = { "content-type": "application/json" };
const stream = { "content-type": "application/connect+json" };

function page(status) {
  return (response) => response.writeHead(status, html).end(`<h1>${status}</h1>`);
}
function envelope(flags, text) {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

const answers = {
  Page200: page(200),
  Page400: page(400),
  Page401: page(401),
  Page403: page(403),
  Page404: page(404),
  Page413: page(413),
  Page429: page(429),
  Page500: page(500),
  Page502: page(502),
  Page503: page(503),
  Page504: page(504),
  Redirect: (response) => response.writeHead(307, { location: "/hello.v1.Greeter/Greet" }).end(),
  NoContent: (response) => response.writeHead(204).end(),
  Coded: (response) => response.writeHead(418, json).end('{"code":"not_found","message":"by its body"}'),
  BadCode: (response) => response.writeHead(404, json).end('{"code":"lost"}'),
  HalfJson: (response) => response.writeHead(503, json).end('{"code":'),
  Hints(response) {
    response.writeContinue();
    response.writeEarlyHints({ link: "</a>; rel=preload" });
    response.writeHead(200, json).end("{}");
  },
  Old(response) {
    response.socket.end("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{}");
  },
  Garbage: (response) => response.socket.end("SSH-2.0-OpenSSH_9.2\r\n"),
  Nothing: (response) => response.socket.end(),
  Reset: (response) => response.socket.resetAndDestroy(),
  Short(response) {
    response.socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"');
  },
  HalfChunk(response) {
    response.socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"');
  },
  TwoLengths(response) {
    response.socket.end("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ");
  },
  Brotli: (response) => response.writeHead(200, { ...json, "content-encoding": "br" }).end("{}"),
  NoGzip: (response) => response.writeHead(200, { ...json, "content-encoding": "gzip" }).end("{}"),
  Bomb(response) {
    const zeros = gzipSync(Buffer.alloc(64 * 2 ** 20));
    response.writeHead(200, { ...json, "content-encoding": "gzip" }).end(zeros);
  },
  Endless(response) {
    response.writeHead(200, json);
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65536, "a")));
    };
    response.on("drain", more);
    more();
  },
  LongHead: (response) => response.writeHead(200, { ...json, "x-long": "a".repeat(1_000_000) }).end("{}"),
  Upgrade: (response) => response.socket.end("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),

  // Streams, of which one message comes before anything is wrong.
  Whole: (response) => response.writeHead(200, stream).end(Buffer.concat([envelope(0, "1"), envelope(2, "{}")])),
  Dribbled(response) {
    response.writeHead(200, stream);
    const bytes = Buffer.concat([envelope(0, "1"), envelope(2, "{}")]);
    let sent = 0;
    const next = () => {
      if (sent === bytes.length) return response.end();
      response.write(bytes.subarray(sent, ++sent));
      setImmediate(next);
    };
    next();
  },
  NoEnd: (response) => response.writeHead(200, stream).end(envelope(0, "1")),
  CutEnvelope: (response) => response.writeHead(200, stream).end(Buffer.concat([envelope(0, "1"), Buffer.from([0, 0])])),
  CutStream(response) {
    response.writeHead(200, stream).write(envelope(0, "1"), () => response.socket.end());
  },
  BadEnd: (response) => response.writeHead(200, stream).end(Buffer.concat([envelope(0, "1"), envelope(2, "<html>")])),
  AfterEnd(response) {
    response.writeHead(200, stream).end(Buffer.concat([envelope(0, "1"), envelope(2, "{}"), envelope(0, "2")]));
  },
  HugeEnvelope(response) {
    response.writeHead(200, stream).end(Buffer.concat([envelope(0, "1"), Buffer.from([0, 255, 255, 255, 255])]));
  },
  StreamAsUnary: (response) => response.writeHead(200, json).end("1"),
};

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => answers[request.url.split("/").pop()](response));
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
