/** The WebAssembly file, as webpack gives it: its address beside the script. */
declare module "*.wasm" {
  const url: string;
  export default url;
}
