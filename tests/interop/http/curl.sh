#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# curl.sh <url of our server> <work folder>: what people type.
set -euo pipefail
url=$1 work=$2
failures=0 checks=0
json=(-H 'content-type: application/json')

# is <what> <expected> <got>
is() {
  checks=$((checks + 1))
  [[ $3 == "$2" ]] && return
  printf 'FAILED   %s\n  expected %s\n  got      %s\n' "$1" "$2" "${3:0:500}"
  failures=$((failures + 1))
}
# has <what> <part> <text>
has() { if [[ $3 == *"$2"* ]]; then is "$1" yes yes; else is "$1" "... $2 ..." "$3"; fi; }
ask() { curl -sS --max-time 20 "$@"; }
head_of() { ask -o /dev/null -D - "$@" | tr -d '\r'; }
allowed() { head_of -X OPTIONS "$1" | sed -n 's/^allow: //p' | tr -d ' ' | tr , '\n' | sort | paste -sd ' '; }
code() { ask -o "$work/body" -w '%{http_code}' "$@"; }

# README.md
is "the README's line" '{"text":"Hello, Ada!"}' \
  "$(ask -H 'content-type: application/json' -d '{"name":"Ada"}' "$url/hello.v1.Greeter/Greet")"

is "an error" 400 "$(code "${json[@]}" -d '{}' "$url/hello.v1.Greeter/Greet")"
is "an error's body" '{"code":"invalid_argument","message":"name is required"}' "$(<"$work/body")"
is "JSON that is none" 400 "$(code "${json[@]}" -d '{' "$url/hello.v1.Greeter/Greet")"
is "no such method" 404 "$(code "${json[@]}" -d '{}' "$url/hello.v1.Greeter/Nothing")"
is "a form" 415 "$(code -d 'name=Ada' "$url/hello.v1.Greeter/Greet")"
is "another verb" 405 "$(code -X PUT "${json[@]}" -d '{}' "$url/hello.v1.Greeter/Greet")"
has "a detail" '"type":"google.protobuf.StringValue","value":"CghhIGRldGFpbA"' \
  "$(ask "${json[@]}" -d 7 "$url/interop.v1.Values/Fail")"
for pair in 3:400 4:504 5:404 6:409 7:403 8:429 12:501 13:500 14:503 16:401; do
  is "the status of code ${pair%:*}" "${pair#*:}" "$(code "${json[@]}" -d "${pair%:*}" "$url/interop.v1.Values/Fail")"
done

got=$(ask -D - "${json[@]}" -H 'x-initial-a: one' -H 'x-trailing-b: two' -d '{"a":[1,null]}' \
  "$url/interop.v1.Values/Echo" | tr -d '\r')
has "metadata" $'\nx-initial-a: one\n' "$got"
has "trailing metadata" $'\ntrailer-x-trailing-b: two\n' "$got"
has "a message with everything" '{"a":[1,null]}' "$got"

is "a method without side effects" '{"number":7,"text":"tea"}' \
  "$(ask -G --data-urlencode 'message={"number":7,"text":"tea"}' -d 'encoding=json' -d 'connect=v1' "$url/interop.v1.Notes/Get")"
is "GET of a method that has some" 405 "$(code -G -d 'message={}' -d 'encoding=json' -d 'connect=v1' "$url/interop.v1.Notes/Add")"

# Routes.
is "a route" '{"number":7,"text":"a b"}' "$(ask "$url/v1/notes/7?text=a+b")"
is "a problem" 404 "$(code "$url/v1/notes/404")"
has "a problem's body" '"code":"not_found"' "$(<"$work/body")"
has "a problem's type" 'content-type: application/problem+json' "$(head_of "$url/v1/notes/404")"
is "a number that is none" 400 "$(code "$url/v1/notes/seven")"
is "a path of nobody" 404 "$(code "$url/v1/nobody")"
got=$(ask -I "$url/v1/notes/7?text=tea" | tr -d '\r')
has "HEAD" 'HTTP/1.1 200' "$got"
has "HEAD has the size of GET" $'\ncontent-length: 25' "$got"
is "OPTIONS" 204 "$(code -X OPTIONS "$url/v1/notes")"
is "OPTIONS says what there is" "GET HEAD OPTIONS" "$(allowed "$url/v1/notes/7")"
is "OPTIONS of a stream" "GET OPTIONS POST" "$(allowed "$url/v1/notes")"
is "DELETE of it" 405 "$(code -X DELETE "$url/v1/notes")"
is "POST to a route" '{"number":1,"text":"tea"}' "$(ask "${json[@]}" -d '{"number":1,"text":"tea"}' "$url/v1/notes")"
is "another host" 421 "$(code -H 'host: evil.example' "$url/v1/notes/7")"
is "health" '{"status":"SERVING"}' "$(ask "$url/healthz")"

# Server-sent events.
got=$(ask -N "$url/v1/notes?number=2&text=tea" | tr -d '\r')
has "events of a stream" $'id: 1\ndata: {"number":1,"text":"tea"}\n\n' "$got"
has "the end of a stream" $'event: end\nid: 3\ndata: {}' "$got"
is "a stream is not begun again" 204 "$(code -H 'last-event-id: 1' "$url/v1/notes?number=2")"
for number in 1 2 3; do
  is "publishing" 204 "$(code "${json[@]}" -d "{\"number\":$number,\"text\":\"published\"}" "$url/topics/interop.v1.news")"
done
is "publishing elsewhere" 404 "$(code "${json[@]}" -d '{}' "$url/topics/interop.v1.other")"
# curl reads on until its time is over.
events() { curl -sSN --max-time 2 "$@" 2>/dev/null | tr -d '\r' || true; }
got=$(events "$url/topics/interop.v1.news?from=last-3")
is "the last three events" $'data: {"number":1,"text":"published"}\ndata: {"number":2,"text":"published"}\ndata: {"number":3,"text":"published"}' \
  "$(grep '^data' <<<"$got")"
first=$(grep -m 1 -B 1 '^data' <<<"$got" | grep '^id')  # a topic begins with the id of no event
got=$(events -H "last-event-id: ${first#id: }" "$url/topics/interop.v1.news")
is "the events behind the first of them" $'data: {"number":2,"text":"published"}\ndata: {"number":3,"text":"published"}' \
  "$(grep '^data' <<<"$got")"

# HTTP itself.
big=$work/big.json
{ printf '{"text":"'; head -c 2000000 /dev/zero | tr '\0' a; printf '"}'; } >"$big"
is "a big body, which curl announces" "$(<"$big")" \
  "$(ask "${json[@]}" -H 'expect: 100-continue' --data-binary "@$big" "$url/interop.v1.Values/Echo")"
is "a big body in chunks" 200 "$(code "${json[@]}" -H 'transfer-encoding: chunked' --data-binary "@$big" "$url/interop.v1.Values/Echo")"
is "and all of it" 1 "$(($(wc -c <"$work/body") == $(wc -c <"$big")))"
{ printf '{"text":"'; head -c 5000000 /dev/zero | tr '\0' a; printf '"}'; } >"$work/too_big.json"
is "a body too big" 413 "$(code "${json[@]}" --data-binary "@$work/too_big.json" "$url/interop.v1.Values/Echo" 2>/dev/null || true)"
has "a body too big, by its code" '"code":"resource_exhausted"' "$(<"$work/body")"
is "compressed" "200 2000011" \
  "$(ask --compressed -o "$work/body" -w '%{http_code}' "${json[@]}" --data-binary "@$big" "$url/interop.v1.Values/Echo") $(wc -c <"$work/body")"
got=$(head_of -H 'accept-encoding: gzip' "${json[@]}" --data-binary "@$big" "$url/interop.v1.Values/Echo")
has "compressed: the head says so" 'content-encoding: gzip' "$got"
gzip -c "$big" >"$work/big.gz"
is "a compressed body" 200 "$(code "${json[@]}" -H 'content-encoding: gzip' --data-binary "@$work/big.gz" "$url/interop.v1.Values/Echo")"
is "HTTP/1.0" '{"text":"Hello, Ada!"}' "$(ask --http1.0 "${json[@]}" -d '{"name":"Ada"}' "$url/hello.v1.Greeter/Greet")"
is "HTTP/1.0: events" 3 "$(ask --http1.0 "$url/v1/notes?number=2" | grep -c '^data')"
is "one connection for several" "1 0 0 0 0" \
  "$(ask --http1.1 -o /dev/null -w '%{num_connects}\n' "${json[@]}" -d '{"name":"Ada"}' \
    "$url/hello.v1.Greeter/{Greet,Greet,Nothing,Greet,Greet}" | paste -sd ' ')"

# Pages of other origins.
preflight=(-X OPTIONS -H 'access-control-request-method: POST'
  -H 'access-control-request-headers: content-type,x-a')
got=$(head_of "${preflight[@]}" -H 'origin: https://app.example' "$url/hello.v1.Greeter/Greet")
has "a preflight" 'access-control-allow-origin: https://app.example' "$got"
has "a preflight's fields" 'access-control-allow-headers: content-type, x-a' "$got"
got=$(head_of "${preflight[@]}" -H 'origin: https://evil.example' "$url/hello.v1.Greeter/Greet")
is "a preflight of others" 0 "$(grep -c access-control-allow-origin <<<"$got" || true)"
is "a page of another origin" 403 \
  "$(code "${json[@]}" -H 'origin: https://evil.example' -d '{"name":"Ada"}' "$url/hello.v1.Greeter/Greet")"
is "a page that may" 200 \
  "$(code "${json[@]}" -H 'origin: https://app.example' -d '{"name":"Ada"}' "$url/hello.v1.Greeter/Greet")"

echo "$checks checks, $failures failed"
((failures == 0))
