# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""by_httpx.py <url of our server>: httpx, blocking and with asyncio."""
import asyncio
import json
import sys

import httpx

url = sys.argv[1]
checks = failures = 0


def same(got, wanted, what):
    global checks, failures
    checks += 1
    if got != wanted:
        failures += 1
        print(f"FAILED   {what}: {str(got)[:300]}")


greet = "/hello.v1.Greeter/Greet"
big = {"text": "a" * 2_000_000}
with httpx.Client(base_url=url, timeout=60) as client:
    same(client.post(greet, json={"name": "Ada"}).json(), {"text": "Hello, Ada!"}, "post")
    answer = client.post(greet, json={"name": ""})
    same((answer.status_code, answer.json()["code"]), (400, "invalid_argument"), "an error")
    answer = client.post("/interop.v1.Values/Echo", json=big)  # it accepts gzip by itself
    same((answer.json() == big, answer.headers.get("content-encoding")), (True, "gzip"), "a big answer")
    same(client.get("/v1/notes/7", params={"text": "a&b=ü"}).json(), {"number": 7, "text": "a&b=ü"}, "a route")
    same(client.get("/v1/notes/404").headers["content-type"], "application/problem+json", "a problem")
    with client.stream("GET", "/v1/notes", params={"number": 3, "text": "tea"}) as answer:
        data = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    same(data, [{"number": i, "text": "tea"} for i in (1, 2, 3)] + [{}], "events")


async def many():
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        async with client.stream("GET", "/topics/interop.v1.news") as topic:
            names = [str(i) for i in range(100)]
            answers = await asyncio.gather(*(client.post(greet, json={"name": name}) for name in names))
            same([a.json()["text"] for a in answers], [f"Hello, {n}!" for n in names], "100 at once")
            published = await client.post("/topics/interop.v1.news", json={"number": 5, "text": "x"})
            same(published.status_code, 204, "publishing")
            async for line in topic.aiter_lines():
                if line.startswith("data: "):
                    same(json.loads(line[6:])["number"], 5, "the event")
                    break
        # A stream that nobody reads any more ends in the server.
        tick = {"content": b"\0\0\0\0\2{}", "headers": {"content-type": "application/connect+json"}}
        async with client.stream("POST", "/interop.v1.Values/Tick", **tick) as answer:
            async for data in answer.aiter_bytes():
                same(data, b"\0\0\0\0\x011", "the first tick")
                break
        counted = {}
        for _ in range(2000):
            counted = (await client.post("/interop.v1.Values/Waiting", json={})).json()
            if counted["gone"] == 1:
                break
            await asyncio.sleep(0.01)
        same(counted, {"here": 0, "gone": 1}, "those who wait")


asyncio.run(many())
print(f"{checks} checks, {failures} failed")
sys.exit(failures > 0)
