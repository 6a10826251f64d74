/** Serves the sources as they are, for scripts that run one module in a browser without a build. */
import { rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createServer, type InlineConfig } from "vite";
import type { Args } from "./types";

export interface HarnessServer {
  /** The address at which the page runs the module. */
  url(args?: Args, options?: { readonly inWorker?: boolean }): string;
  close(): Promise<void>;
}

export interface ServeOptions {
  /** Path from the repository's root, as `/e2e/harness/cases.ts`. */
  readonly module: string;
  /** Cross-origin isolated, so that memory can be shared with threads; true when absent. */
  readonly isolated?: boolean;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Start Vite on the repository's own configuration at a free port. Files are read once: no watching, no reloading. */
export async function serveHarness({ module, isolated = true }: ServeOptions): Promise<HarnessServer> {
  // Of its own, so that servers side by side do not rewrite each other's prepared packages under a running page.
  const cacheDir = path.join(root, "node_modules", ".vite-harness", String(process.pid));
  const config: InlineConfig = {
    root,
    configFile: path.join(root, "vite.config.ts"),
    cacheDir,
    logLevel: "error",
    clearScreen: false,
    optimizeDeps: { entries: [module.replace(/^\//, "")] },
    server: {
      host: "127.0.0.1",
      port: 0,
      hmr: false,
      watch: null,
      ...(isolated
        ? {}
        : { headers: { "Cross-Origin-Opener-Policy": "unsafe-none", "Cross-Origin-Embedder-Policy": "unsafe-none" } }),
    },
  };
  const server = await createServer(config);
  await server.listen();
  const address = server.httpServer?.address();
  if (address === undefined || address === null || typeof address === "string")
    throw new Error("The development server has no port.");
  return {
    url: (args = {}, { inWorker = false } = {}) => {
      const query = new URLSearchParams({ module, args: JSON.stringify(args) });
      if (inWorker) query.set("worker", "");
      return `http://127.0.0.1:${address.port}/e2e/harness/index.html?${query.toString()}`;
    },
    close: async () => {
      await server.close();
      rmSync(cacheDir, { recursive: true, force: true });
    },
  };
}
