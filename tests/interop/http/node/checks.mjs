// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
import { isDeepStrictEqual } from "node:util";

let passed = 0;
let failed = 0;

export function expect(good, what) {
  if (good) return ++passed;
  ++failed;
  console.log(`FAILED   ${what}`);
}

export function same(got, wanted, what) {
  const good = isDeepStrictEqual(got, wanted);
  expect(good, good || `${what}: ${JSON.stringify(got)?.slice(0, 200)}`);
}

/// Runs what may throw, which is a failure.
export async function part(name, run) {
  try {
    await run();
  } catch (error) {
    expect(false, `${name}: ${error.stack}`);
  }
}

export function end() {
  console.log(`${passed} checks passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

/// Repeats `ask` for at most 60 s, until it gives what is wanted.
export async function eventually(ask, wanted, what) {
  const end = Date.now() + 60_000;
  let last = await ask();
  while (last !== wanted && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    last = await ask();
  }
  expect(last === wanted, `${what}: ${last}`);
}
