// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// foreign is a peer of polywire's tcp:// in Go.
//
//	foreign serve             prints where it listens, serves until a client has called Drain
//	foreign call HOST:PORT    makes every kind of call, and checks what comes back
package main

import (
	"fmt"
	"os"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 2 && os.Args[1] == "serve":
		err = serve()
	case len(os.Args) == 3 && os.Args[1] == "call":
		err = runChecks(os.Args[2])
	default:
		err = fmt.Errorf("usage: foreign serve | foreign call HOST:PORT")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
