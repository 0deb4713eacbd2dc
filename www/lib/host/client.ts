/**
 * The WebAssembly module's surface: what wasm-pack made of `src/client.rs` and `src/events.rs`, and how to use it.
 *
 * 1. Events may be emitted inside a call or later. Neither may be assumed.
 * 2. The client must not be called from within `emit`.
 * 3. Bytes given to `offered` are copied. Bytes that come with `deliver` are the player's own.
 * 4. After `close` nothing but `free` may be called.
 * 5. `trace` may be called at any time before, within `emit` and when the module has failed too.
 */

import type * as bindings from "shoal-wasm/shoal.js";

export type {
  ActiveTrack,
  Client,
  ClientEvent,
  ClientOptions,
  ClientStats,
  RuleName,
  TimelineSegment,
} from "shoal-wasm/shoal.js";

/** The module's exports. */
export type Module = Pick<typeof bindings, "Client" | "setPanicHandler">;
