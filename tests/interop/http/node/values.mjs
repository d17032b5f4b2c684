// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { readFileSync } from "node:fs";

/// The service of ../values.proto, as protoc has described it in a file.
const file = readFileSync(new URL("values.binpb", import.meta.url));
export const Values = createFileRegistry(fromBinary(FileDescriptorSetSchema, file)).getService(
  "interop.v1.Values",
);
