// Bundles into dist/: the script tag (shoal.js), the ES module (shoal.mjs), and the pages around them.
// The WebAssembly file lies beside them and is found relative to the script's own URL.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import webpack from "webpack";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

const rules = [
  { test: /\.ts$/, loader: "ts-loader", options: { transpileOnly: true, onlyCompileBundledFiles: true } },
  {
    test: /\.wasm$/,
    type: "asset/resource",
    generator: { filename: "[name].[contenthash:8][ext]" },
  },
  { test: /\.css$/, include: path("www/lib"), type: "asset/source", loader: path("scripts/css.cjs") },
];

/** Left as it is: the worker is made from this file's own text. */
const noParse = /hls\.min\.js$/;

const shared = {
  mode: "production",
  target: ["web", "es2022"],
  module: { rules, noParse },
  resolve: {
    extensions: [".ts", ".js"],
    extensionAlias: { ".js": [".ts", ".js"] },
    alias: {
      "shoal-wasm": path("pkg"),
      // The build that brings its transmuxing worker along; the ES module works on the window.
      "hls.js$": path("node_modules/hls.js/dist/hls.min.js"),
    },
  },
  // A page in another encoding than UTF-8 must not spoil our texts; and the whole bundle is one
  // function that is called at once, which browsers are told by parentheses.
  optimization: {
    splitChunks: false,
    minimizeOptions: { javascript: { format: { ascii_only: true, comments: false, wrap_func_args: true } } },
  },
  plugins: [
    new webpack.BannerPlugin({
      banner: "Shoal, MIT licence. With hls.js (Apache 2.0) and media-chrome (MIT).",
      stage: webpack.Compilation.PROCESS_ASSETS_STAGE_REPORT,
    }),
    // The WebAssembly glue gets constructors that keep hold of what they make. Nothing else in the
    // bundles names these two without `globalThis`.
    new webpack.ProvidePlugin({
      RTCPeerConnection: [path("www/lib/host/connections.ts"), "PeerConnection"],
      WebSocket: [path("www/lib/host/connections.ts"), "Socket"],
    }),
  ],
  performance: false,
  stats: "errors-warnings",
};

/** A page of its own folder. Its script is loaded beside the player's. */
function page(name, files) {
  return {
    ...shared,
    name,
    dependencies: ["script"],
    entry: { [name]: files.map((file) => path(`www/${name}/${file}`)) },
    module: {
      rules: [...rules, { test: /\.(html|css)$/, type: "asset/resource", generator: { filename: "[name][ext]" } }],
    },
    output: { path: path(`dist/${name}`), filename: "[name].js", publicPath: "auto" },
  };
}

export default () => {
  if (!existsSync(path("pkg/shoal.js"))) {
    throw new Error("pkg/ has no WebAssembly package yet: run `npm run wasm` first");
  }
  return [
    {
      ...shared,
      name: "script",
      entry: path("www/lib/script.ts"),
      output: {
        path: path("dist"),
        filename: "shoal.js",
        chunkFilename: "shoal.[name].[contenthash:8].js",
        publicPath: "auto",
        library: { name: "shoal", type: "umd" },
        globalObject: "globalThis",
        clean: true,
      },
    },
    {
      ...shared,
      name: "module",
      dependencies: ["script"],
      entry: path("www/lib/public/index.ts"),
      experiments: { outputModule: true },
      output: {
        path: path("dist"),
        filename: "shoal.mjs",
        chunkFilename: "shoal.[name].[contenthash:8].mjs",
        publicPath: "auto",
        library: { type: "module" },
      },
    },
    page("demo", ["index.html", "demo.css", "demo.ts"]),
    page("embed", ["index.html", "embed.ts"]),
  ];
};
