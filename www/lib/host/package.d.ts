/**
 * The package that `npm run wasm` makes in pkg/, declared here so that types are checked without it
 * (`paths` in tsconfig.json). `client.ts` is the contract that its classes keep.
 */

import type { Module } from "./client.js";

export declare const Client: Module["Client"];
export declare const setPanicHandler: Module["setPanicHandler"];
/** Instantiates the module that all classes above live in. */
export default function init(source: { module_or_path: WebAssembly.Module }): Promise<object>;
