// Lint of the TypeScript in www/: strict, typed, and with a doc comment on whatever is exported. Lint of the JavaScript that tests,
// measures and builds: without types, so with fewer rules.

import eslint from "@eslint/js";
import jsdoc from "eslint-plugin-jsdoc";
import globals from "globals";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "**/node_modules/", "pkg/", "target/"] },
  {
    files: ["www/**/*.ts"],
    extends: [
      eslint.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    plugins: { jsdoc },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "jsdoc/check-param-names": "error",
      // What `npm run surface` reads, in the words of the custom elements manifest.
      "jsdoc/check-tag-names": ["error", { definedTags: ["attr", "csspart", "cssprop", "slot"] }],
      "jsdoc/require-jsdoc": [
        "error",
        { publicOnly: true, require: { ClassDeclaration: true, FunctionDeclaration: true }, contexts: ["TSInterfaceDeclaration", "TSTypeAliasDeclaration"] },
      ],
      "no-console": "error",
      curly: "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
    },
  },
  {
    files: ["**/*.{cjs,js,mjs}"],
    extends: [eslint.configs.recommended],
    // Some functions run in pages, where the tests' instruments are `seen`, and the benchmark's `bench`.
    languageOptions: { globals: { ...globals.nodeBuiltin, ...globals.browser, bench: "readonly", seen: "readonly" } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-implicit-coercion": "error",
      "no-throw-literal": "error",
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-promise-reject-errors": "error",
      "prefer-template": "error",
    },
  },
  { files: ["**/*.cjs"], languageOptions: { globals: globals.commonjs } },
);
