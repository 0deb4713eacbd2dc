/**
 * Fetches, compiles and starts the WebAssembly module, once for all players of a page. Failure is an
 * ordinary outcome here: the video plays without it.
 */

import init, * as bindings from "shoal-wasm/shoal.js";
import binary from "shoal-wasm/shoal_bg.wasm";

import { options } from "../config.js";
import { fuse } from "../fuse.js";
import type { Module } from "./client.js";
import { closeAll } from "./connections.js";

let fetched: Promise<Response> | null = null;
let started: Promise<Module> | null = null;

/** Begins the download. Compiling is left to `loadWasm`: it takes a processor away from the first frame. */
export function fetchAhead(): void {
  if (started === null && fetched === null) {
    fetched = request();
    fetched.catch(() => undefined);
  }
}

/** The running module. A failure is forgotten, so that a later call tries again. */
export function loadWasm(): Promise<Module> {
  started ??= start().catch((failure: unknown) => {
    started = null;
    throw failure;
  });
  return started;
}

async function start(): Promise<Module> {
  const response = fetched ?? request();
  fetched = null;
  await init({ module_or_path: await compile(await response) });
  bindings.setPanicHandler((message) => {
    fuse.blow(message);
  });
  fuse.watch(closeAll);
  return bindings;
}

function request(): Promise<Response> {
  // Low priority: the first segments of the video are on their way at the same time.
  return fetch(options().wasm ?? binary, { credentials: "same-origin", priority: "low" });
}

async function compile(response: Response): Promise<WebAssembly.Module> {
  if (!response.ok) {
    throw new Error(`${response.url} answered ${String(response.status)}`);
  }
  const type = response.headers.get("content-type") ?? "";
  const streams = type.startsWith("application/wasm") && "compileStreaming" in WebAssembly;
  return streams
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
