import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveFile, type RunningServer, serve } from "./serve.mjs";

let root = "";
let server: RunningServer;

beforeAll(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), "serve-test-"));
  const put = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  put("secret.json", "secret");
  put("dist-other/secret.txt", "secret");
  put("dist/index.html", "<title>app</title>");
  put("dist/.env", "secret");
  put("dist/assets/a.wasm", "wasm");
  put("dist/tapes/one.tape", "tape");
  put("dist/datasets/index.json", '{"from":"dist"}');
  put("dist/datasets/old/manifest.json", "{}");
  put("datasets/index.json", '{"from":"repo"}');
  put("datasets/cli.ts", "code");
  put("datasets/emoji10/train-000.bin", "0123456789");
  server = await serve({ dist: path.join(root, "dist"), datasets: path.join(root, "datasets") });
});

afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

/** A request with the path exactly as written; fetch would tidy it up first. */
function get(rawPath: string, method = "GET"): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port: server.port, path: rawPath, method }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    call.on("error", reject);
    call.end();
  });
}

describe("the server", () => {
  it("serves the app isolated, with the right types", async () => {
    const page = await get("/?a=1");
    expect(page).toMatchObject({ status: 200, body: "<title>app</title>" });
    expect(page.headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect(page.headers["cross-origin-embedder-policy"]).toBe("require-corp");
    expect((await get("/assets/a.wasm")).headers["content-type"]).toBe("application/wasm");
    expect((await get("/tapes/one.tape")).headers["content-type"]).toBe("application/octet-stream");
    expect((await get("/datasets/index.json")).headers["content-type"]).toContain("application/json");
  });

  it("takes data sets from the repository first, then from the build", async () => {
    expect((await get("/datasets/index.json")).body).toBe('{"from":"repo"}');
    expect((await get("/datasets/emoji10/train-000.bin")).body).toBe("0123456789");
    expect((await get("/datasets/old/manifest.json")).status).toBe(200);
  });

  it.each([
    "/../secret.json",
    "/..%2fsecret.json",
    "/%2e%2e/secret.json",
    "/assets/../../secret.json",
    "/datasets/../secret.json",
    "/datasets/..%2f..%2fsecret.json",
    "/datasets/emoji10/..%2f..%2f..%2fsecret.json",
    "/..%5csecret.json",
    "/../dist-other/secret.txt",
    "/%252e%252e/secret.json",
    "/.env",
    "/datasets/cli.ts",
    "/assets/",
    "/assets",
    "/%00",
    "/%zz",
    "//secret.json",
    "/nothing",
  ])("does not find %s", async (url) => {
    expect((await get(url)).status).toBe(404);
    expect(resolveFile({ dist: path.join(root, "dist"), datasets: path.join(root, "datasets") }, url)).toBeNull();
  });

  it("answers HEAD without a body and refuses other methods", async () => {
    expect(await get("/", "HEAD")).toMatchObject({ status: 200, body: "" });
    expect((await get("/", "POST")).status).toBe(405);
  });

  it("says when the port is taken", async () => {
    await expect(serve({ port: server.port, dist: root, datasets: root })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
