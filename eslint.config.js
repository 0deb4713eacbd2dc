// Lint of the TypeScript in www/: strict, typed, and with a doc comment on whatever is exported.

import eslint from "@eslint/js";
import jsdoc from "eslint-plugin-jsdoc";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "pkg/", "target/", "scripts/", "tests/", "lab/"] },
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
      "jsdoc/check-tag-names": "error",
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
    files: ["*.js"],
    extends: [eslint.configs.recommended],
    languageOptions: { globals: { URL: "readonly" } },
  },
);
