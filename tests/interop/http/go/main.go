// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Go's client and server of Connect, and its client of HTTP: `client <url>` checks a server of
// ../values.proto, `server` is one. Nothing here was made for polywire but the checks.
package main

import (
	"fmt"
	"os"
)

var passed, failed int

func expect(good bool, format string, arguments ...any) {
	if good {
		passed++
		return
	}
	failed++
	fmt.Printf("FAILED   "+format+"\n", arguments...)
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "client":
		callByConnect(os.Args[2])
		callByHTTP(os.Args[2])
		fmt.Printf("%d checks passed, %d failed\n", passed, failed)
		if failed > 0 {
			os.Exit(1)
		}
	case len(os.Args) == 2 && os.Args[1] == "server":
		serve()
	default:
		fmt.Fprintln(os.Stderr, "usage: peer client <url> | peer server")
		os.Exit(2)
	}
}
