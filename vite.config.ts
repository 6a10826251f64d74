/** Build, dev server and unit tests in one place; COOP/COEP so that WASM threads work where we serve ourselves. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { datasetsPlugin } from "./src/cli/datasetsPlugin.mjs";

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  base: "./",
  plugins: [react(), datasetsPlugin(fileURLToPath(new URL("./datasets", import.meta.url)))],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  worker: { format: "es" },
  server: { headers: isolation },
  preview: { headers: isolation },
  build: { target: "es2022", sourcemap: true, chunkSizeWarningLimit: 1500 },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts", "src/**/*.test.tsx", "datasets/**/*.test.ts"],
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
