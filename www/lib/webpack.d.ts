/** What webpack adds to the language. */

/** The address of the WebAssembly file, beside the script. */
declare module "*.wasm" {
  const url: string;
  export default url;
}

/** A style sheet as text, without comments and needless space. */
declare module "*.css" {
  const text: string;
  export default text;
}

/** The nonce for scripts that are loaded later. */
declare let __webpack_nonce__: string | undefined;
