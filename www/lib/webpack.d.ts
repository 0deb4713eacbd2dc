/** Additions of webpack to the language. */

/** Address of the WebAssembly file, beside the script. */
declare module "*.wasm" {
  const url: string;
  export default url;
}

/** Style sheet as text, without comments and needless space. */
declare module "*.css" {
  const text: string;
  export default text;
}

/** Nonce for scripts that are loaded later. */
declare let __webpack_nonce__: string | undefined;
