# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""standard.py <url of our server>: what Python's standard library makes of it."""
import http.client
import json
import struct
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

url = sys.argv[1]
host = url.removeprefix("http://")
checks = failures = 0
JSON = {"content-type": "application/json"}


def same(got, wanted, what):
    global checks, failures
    checks += 1
    if got != wanted:
        failures += 1
        print(f"FAILED   {what}: {str(got)[:300]}")


def ask(connection, method, path, body=None, headers=JSON, **more):
    connection.request(method, path, body, headers, **more)
    answer = connection.getresponse()
    return answer.status, answer.read()


# One connection for everything.
connection = http.client.HTTPConnection(host, timeout=60)
connection.connect()
socket = connection.sock
greet = "/hello.v1.Greeter/Greet"
for i in range(3):
    same(ask(connection, "POST", greet, b'{"name":"Ada"}'), (200, b'{"text":"Hello, Ada!"}'), f"POST {i}")
    chunks = iter([b'{"na', b'me":', b'"Ada"}'])
    same(ask(connection, "POST", greet, chunks), (200, b'{"text":"Hello, Ada!"}'), f"POST {i} in chunks")
status, body = ask(connection, "POST", greet, b"{}")
same((status, json.loads(body)), (400, {"code": "invalid_argument", "message": "name is required"}), "an error")
same(ask(connection, "GET", "/v1/notes/7?text=gr%C3%BC%C3%9F"), (200, '{"number":7,"text":"grüß"}'.encode()), "a route")
same(ask(connection, "HEAD", "/v1/notes/7"), (200, b""), "HEAD")
same(ask(connection, "OPTIONS", "/v1/notes"), (204, b""), "OPTIONS")
same(ask(connection, "POST", "/topics/interop.v1.news", b'{"number":1,"text":"x"}'), (204, b""), "publishing")
same(ask(connection, "GET", "/v1/notes?number=1")[0], 200, "events")
same(connection.sock is socket, True, "the connection is still the same")

# A stream in both directions, one behind the other, by what docs/protocols.md says alone.
def envelope(text, flags=0):
    return struct.pack(">BI", flags, len(text)) + text


def envelopes(data):
    while data:
        flags, size = struct.unpack(">BI", data[:5])
        yield flags, json.loads(data[5 : 5 + size])
        data = data[5 + size :]


said = [f"number {i}" for i in range(100)]
status, body = ask(connection, "POST", "/interop.v1.Values/Talk",
                   iter([envelope(json.dumps(text).encode()) for text in said]),
                   {"content-type": "application/connect+json"})
got = list(envelopes(body))
same((status, [text for flags, text in got if flags == 0]), (200, said), "a stream both ways")
same(got[-1], (2, {}), "its end")
connection.close()

# urllib closes after each request, and raises what is no success.
with urllib.request.urlopen(urllib.request.Request(url + greet, b'{"name":"Ada"}', JSON), timeout=60) as answer:
    same(json.load(answer), {"text": "Hello, Ada!"}, "urllib")
try:
    urllib.request.urlopen(f"{url}/v1/notes/404", timeout=60)
    same("no error", "an error", "urllib")
except urllib.error.HTTPError as error:
    same((error.code, json.load(error)["code"]), (404, "not_found"), "urllib, an error")


def one(number):
    mine = http.client.HTTPConnection(host, timeout=60)
    return [ask(mine, "POST", greet, json.dumps({"name": f"{number}.{i}"}))[1] for i in range(10)]


with ThreadPoolExecutor(20) as pool:
    for number, got in enumerate(pool.map(one, range(20))):
        same(got, [b'{"text":"Hello, %d.%d!"}' % (number, i) for i in range(10)], f"connection {number}")

print(f"{checks} checks, {failures} failed")
sys.exit(failures > 0)
