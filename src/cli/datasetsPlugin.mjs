/**
 * Gives the app its data sets wherever Vite runs: served from the repository's `datasets/` in development and preview,
 * copied into the build so that `dist` alone can be put on any static host.
 */
import { cpSync, createReadStream, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { datasetFile, mimeOf } from "./serve.mjs";

/** Copy the index and every finished data set (a folder with a manifest: it is written last) from `from` to `to`. */
export function copyDatasets(from, to) {
  if (!existsSync(from)) return [];
  const ids = readdirSync(from).filter((name) => existsSync(path.join(from, name, "manifest.json")));
  const filesOf = (id) => readdirSync(path.join(from, id)).filter((name) => /\.(json|bin)$/.test(name));
  const files = ids.flatMap((id) => filesOf(id).map((name) => path.join(id, name)));
  if (existsSync(path.join(from, "index.json"))) files.push("index.json");
  for (const file of files) {
    mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
    cpSync(path.join(from, file), path.join(to, file));
  }
  return ids;
}

/**
 * The plugin; `datasets` is the folder that holds `<id>/manifest.json`.
 *
 * @param {string} datasets
 * @returns {import("vite").Plugin}
 */
export function datasetsPlugin(datasets) {
  const middleware = (request, response, next) => {
    const file = datasetFile(datasets, request.url ?? "/");
    if (file === null) return next();
    response.setHeader("Content-Type", mimeOf(file));
    response.setHeader("Content-Length", statSync(file).size);
    response.setHeader("Cache-Control", "no-cache");
    createReadStream(file).pipe(response);
  };
  let outDir = null;
  return {
    name: "nas-playground-datasets",
    configResolved(config) {
      if (config.command === "build") outDir = path.resolve(config.root, config.build.outDir);
    },
    configureServer(server) {
      server.middlewares.use(middleware);
    },
    configurePreviewServer(server) {
      server.middlewares.use(middleware);
    },
    writeBundle() {
      if (outDir !== null) copyDatasets(datasets, path.join(outDir, "datasets"));
    },
  };
}
