/**
 * A static server for the built app: Node built-ins only, loopback only, no directory listing, and no way out of the two
 * folders it serves. Data sets come from `datasets/` in the repository first, so that one imported after the build is
 * there without building again. COOP and COEP make the page cross-origin isolated, which WASM threads need.
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { die, isMain, ROOT } from "./process.mjs";

/** The headers that isolate the page; the dev server sends the same. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

const MIME = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
  ".bin": "application/octet-stream",
  ".tape": "application/octet-stream",
};

/** The media type by extension. */
export function mimeOf(file) {
  return MIME[path.extname(file).toLowerCase()] ?? "application/octet-stream";
}

/**
 * The path segments of a request, or null when it is not a plain path: bad escapes, NUL, backslashes, `..`, hidden names.
 * Decoded once, so that an encoded separator or dot cannot pass as a name.
 */
export function segmentsOf(url) {
  let decoded;
  try {
    decoded = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? "");
  } catch {
    return null;
  }
  if (!decoded.startsWith("/") || /[\0\\]/.test(decoded)) return null;
  const segments = decoded.split("/").filter((segment) => segment !== "");
  return segments.some((segment) => segment.startsWith(".")) ? null : segments;
}

function fileIn(folder, segments) {
  const root = path.resolve(folder);
  const file = path.resolve(root, ...segments);
  if (file !== root && !file.startsWith(root + path.sep)) return null;
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats?.isFile() ? file : null;
}

/**
 * The data-set file a request names, or null: `/datasets/index.json`, and the JSON and shard files one folder below.
 * The scripts that live in the same folder are not served.
 */
export function datasetFile(datasets, url) {
  const segments = segmentsOf(url);
  if (segments === null || segments[0] !== "datasets" || segments.length < 2 || segments.length > 3) return null;
  const name = segments[segments.length - 1] ?? "";
  if (!/\.(json|bin)$/.test(name)) return null;
  return fileIn(datasets, segments.slice(1));
}

/** The file a request names, looked for in the data sets and then in the build, or null. */
export function resolveFile(folders, url) {
  const segments = segmentsOf(url);
  if (segments === null) return null;
  const wanted = url.split(/[?#]/, 1)[0].endsWith("/") ? [...segments, "index.html"] : segments;
  return datasetFile(folders.datasets, url) ?? fileIn(folders.dist, wanted);
}

function answer(folders, request, response) {
  const refuse = (status, text) => {
    response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", ...ISOLATION });
    response.end(request.method === "HEAD" ? undefined : `${text}\n`);
  };
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "Only GET and HEAD are served here.");
  const file = resolveFile(folders, request.url ?? "/");
  if (file === null) return refuse(404, "Not found.");
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return refuse(404, "Not found.");
  const isHashed = path.relative(folders.dist, file).startsWith(`assets${path.sep}`);
  response.writeHead(200, {
    "Content-Type": mimeOf(file),
    "Content-Length": stats.size,
    "Cache-Control": isHashed ? "public, max-age=31536000, immutable" : "no-cache",
    "X-Content-Type-Options": "nosniff",
    ...ISOLATION,
  });
  if (request.method === "HEAD") return response.end();
  const stream = createReadStream(file);
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

function listen(handler, port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer(handler);
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

/**
 * Serve the build on loopback, both families where there are two (a browser may try ::1 first).
 *
 * @param {{ port?: number, host?: string, dist?: string, datasets?: string }} [options] port 0: any free one
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>} rejects with `EADDRINUSE` when the port is taken
 */
export async function serve(options = {}) {
  const { port = 0, host, dist = path.join(ROOT, "dist"), datasets = path.join(ROOT, "datasets") } = options;
  const folders = { dist: path.resolve(dist), datasets: path.resolve(datasets) };
  const handler = (request, response) => answer(folders, request, response);
  const first = await listen(handler, port, host ?? "127.0.0.1");
  const address = first.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  const servers = [first];
  if (host === undefined) {
    try {
      servers.push(await listen(handler, actual, "::1"));
    } catch (error) {
      const isMine = error?.code !== "EADDRINUSE" || port === 0;
      if (!isMine) {
        first.close();
        throw error;
      }
    }
  }
  const close = async () => {
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  };
  return { url: `http://localhost:${actual}/`, port: actual, close };
}

/** The value after `--name` or in `--name=value`, or undefined. */
export function flag(args, name) {
  const at = args.findIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  if (at < 0) return undefined;
  return args[at].includes("=") ? args[at].slice(args[at].indexOf("=") + 1) : (args[at + 1] ?? "");
}

/** The port a command line asks for; ends the process with a sentence when it is not one. */
export function portFrom(args, fallback) {
  const text = flag(args, "port");
  if (text === undefined) return fallback;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) die(`--port takes a number from 0 to 65535, not "${text}".`, 2);
  return port;
}

/** Serve until Ctrl-C; one sentence and exit 1 when the port is taken. */
export async function serveUntilStopped({ port, host }) {
  let server;
  try {
    server = await serve({ port, ...(host === undefined ? {} : { host }) });
  } catch (error) {
    if (error?.code === "EADDRINUSE") die(`Port ${port} is in use. Stop what uses it, or choose another: npm start -- --port ${port + 1}`);
    if (error?.code === "EACCES") die(`Port ${port} may not be used without rights. Choose one above 1023: npm start -- --port 4173`);
    throw error;
  }
  process.stdout.write(`${server.url}\n`);
  const stop = async () => {
    await server.close();
    process.exit(0);
  };
  process.on("SIGINT", () => void stop());
  process.on("SIGTERM", () => void stop());
}

if (isMain(import.meta.url)) {
  const args = process.argv.slice(2);
  if (!existsSync(path.join(ROOT, "dist", "index.html"))) die("There is no build yet. Make one with: npm run build");
  await serveUntilStopped({ port: portFrom(args, 4173), host: flag(args, "host") });
}
