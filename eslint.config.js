/** Lint: the few rules that catch faults, and the import directions of src/cli/rooms.mjs. Layout is Prettier's business. */
import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";
import { MAX_LINES, restrictedPatterns, ROOMS, WORKER_FILES, WORKER_RULE } from "./src/cli/rooms.mjs";

const tests = ["**/*.test.ts", "**/*.test.tsx", "**/testing/**"];

/** One block a room; tests may look across rooms. */
const roomBlocks = Object.entries(ROOMS).map(([name, rule]) => ({
  files: [`src/${name}/**/*.{ts,tsx}`],
  ignores: [...tests, ...WORKER_FILES.map((file) => `src/${file.endsWith("/") ? `${file}**/*` : file}.ts`)],
  rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns: [...restrictedPatterns(name, rule)] }] },
}));

const workerBlock = {
  files: WORKER_FILES.map((file) => `src/${file.endsWith("/") ? `${file}**/*` : file}.ts`),
  rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns: [...restrictedPatterns("session", WORKER_RULE)] }] },
};

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "coverage/", "test-results/", "playwright-report/", ".cache/", "public/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "no-undef": "off", // the type checker knows better
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // The two rules for whose sake types are loaded: a promise that nobody waits for hides its error.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: {
      globals: Object.fromEntries(
        ["process", "performance", "setTimeout", "clearTimeout", "URL", "console", "Buffer", "fetch"].map((name) => [name, "readonly"]),
      ),
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      "max-lines": ["error", { max: MAX_LINES }],
      "no-console": ["error"],
      eqeqeq: ["error", "always"],
    },
  },
  { files: ["src/cli/**", "src/studies/**", ...tests], rules: { "no-console": "off" } },
  {
    files: ["src/**/*.tsx"],
    plugins: { ...jsxA11y.flatConfigs.recommended.plugins, "react-hooks": reactHooks },
    rules: {
      ...jsxA11y.flatConfigs.recommended.rules,
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
    },
  },
  ...roomBlocks,
  workerBlock,
);
