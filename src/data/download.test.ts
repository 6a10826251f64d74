/** Downloads over a fake network: resuming, servers without ranges, damage, cancel. */
import { describe, expect, it } from "vitest";
import { sha256Hex, type Bytes } from "./bytes";
import { download, type DownloadSpec } from "./download";
import { opfsParts } from "./opfsParts";
import { fakeRoot } from "./testing/fakeDirectory";

const content: Bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) % 251);

async function spec(): Promise<DownloadSpec> {
  return { name: "a.parquet", url: "https://example.test/a", sha256: await sha256Hex(content), bytes: content.length };
}

interface Server {
  readonly fetchFn: typeof fetch;
  /** The Range header of each request. */
  readonly ranges: (string | null)[];
}

/** `failAt`: the connection breaks after so many bytes of the n-th answer. */
function server(
  options: {
    failAt?: (number | undefined)[];
    ranges?: boolean;
    rangedFails?: boolean;
    body?: Bytes;
    status?: number;
  } = {},
): Server {
  const { failAt = [], ranges: supportsRanges = true, body = content } = options;
  const ranges: (string | null)[] = [];
  const fetchFn: typeof fetch = (_url, init) => {
    const range = new Headers(init?.headers).get("Range");
    const limit = failAt[ranges.length];
    ranges.push(range);
    if (options.status !== undefined) return Promise.resolve(new Response("no", { status: options.status }));
    if (range !== null && options.rangedFails) return Promise.reject(new TypeError("Failed to fetch"));
    const from = range !== null && supportsRanges ? Number(/\d+/.exec(range)?.[0]) : 0;
    if (from > 0 && from >= body.length) return Promise.resolve(new Response(null, { status: 416 }));
    const rest = body.slice(from);
    let at = 0;
    const stream = new ReadableStream<Bytes>({
      pull: (controller) => {
        if (limit !== undefined && at >= limit) return controller.error(new TypeError("network"));
        if (at >= rest.length) return controller.close();
        controller.enqueue(rest.slice(at, at + 500));
        at += 500;
      },
    });
    const headers: Record<string, string> = { "Content-Length": String(rest.length) };
    if (from > 0) headers["Content-Range"] = `bytes ${from}-${body.length - 1}/${body.length}`;
    return Promise.resolve(new Response(stream, { status: from > 0 ? 206 : 200, headers }));
  };
  return { fetchFn, ranges };
}

async function text(result: Awaited<ReturnType<typeof download>>): Promise<Bytes> {
  if (!result.ok) throw new Error(result.problem.message);
  return new Uint8Array(await new Response(result.value.input.stream() as ReadableStream<Bytes>).arrayBuffer());
}

const codeOf = (result: Awaited<ReturnType<typeof download>>): string => (result.ok ? "ok" : result.problem.code);

describe.each(["sync", "stream"] as const)("download into OPFS, %s writes", (mode) => {
  it("fetches, checks and hands over; discard removes every trace", async () => {
    const fake = fakeRoot(mode);
    const progress: (number | null)[][] = [];
    const result = await download(await spec(), opfsParts(fake.root), {
      fetchFn: server().fetchFn,
      onProgress: (received, total) => progress.push([received, total]),
    });
    expect(await text(result)).toEqual(content);
    expect(progress.at(-1)).toEqual([5000, 5000]);
    if (result.ok) await result.value.discard();
    expect(fake.paths()).toEqual([]);
    expect(fake.open).toBe(0);
  });

  it("resumes where the connection broke", async () => {
    const fake = fakeRoot(mode);
    const net = server({ failAt: [2000] });
    const broken = await download(await spec(), opfsParts(fake.root), { fetchFn: net.fetchFn });
    expect(codeOf(broken)).toBe("network");
    const again = await download(await spec(), opfsParts(fake.root), { fetchFn: net.fetchFn });
    expect(await text(again)).toEqual(content);
    expect(net.ranges).toEqual([null, "bytes=2000-"]);
    expect(fake.open).toBe(0);
  });

  it("starts again where ranges are ignored, refused by CORS, or out of bounds", async () => {
    for (const options of [{ ranges: false }, { rangedFails: true }]) {
      const fake = fakeRoot(mode);
      await download(await spec(), opfsParts(fake.root), { fetchFn: server({ failAt: [2000] }).fetchFn });
      expect(
        await text(await download(await spec(), opfsParts(fake.root), { fetchFn: server(options).fetchFn })),
      ).toEqual(content);
    }
    const fake = fakeRoot(mode);
    const { sha256, ...unsized } = await spec();
    const part = await opfsParts(fake.root).open(sha256 ?? "");
    await part.append(new Uint8Array(9000));
    await part.close();
    await opfsParts(fake.root).writeState(sha256 ?? "", { url: unsized.url, total: null });
    const result = await download({ name: "a", url: unsized.url, sha256: sha256 ?? "" }, opfsParts(fake.root), {
      fetchFn: server().fetchFn,
    });
    expect(await text(result)).toEqual(content);
  });

  it("a complete part is not fetched again", async () => {
    const fake = fakeRoot(mode);
    await download(await spec(), opfsParts(fake.root), { fetchFn: server().fetchFn });
    const net = server();
    expect(await text(await download(await spec(), opfsParts(fake.root), { fetchFn: net.fetchFn }))).toEqual(content);
    expect(net.ranges).toEqual([]);
  });

  it("a wrong checksum is tried once more, then named; nothing stays", async () => {
    const fake = fakeRoot(mode);
    const net = server({ body: content.map((byte) => byte ^ 1) });
    const result = await download(await spec(), opfsParts(fake.root), { fetchFn: net.fetchFn });
    expect(codeOf(result)).toBe("checksum");
    if (!result.ok) expect(result.problem.message).toContain((await spec()).sha256);
    expect(net.ranges).toEqual([null, null]);
    expect(fake.paths()).toEqual([]);
    const longer = server({ body: new Uint8Array(6000) });
    expect(codeOf(await download(await spec(), opfsParts(fake.root), { fetchFn: longer.fetchFn }))).toBe("checksum");
    expect(fake.open).toBe(0);
  });

  it("404, no network, a full disk, a cancel", async () => {
    const fake = fakeRoot(mode);
    expect(
      codeOf(await download(await spec(), opfsParts(fake.root), { fetchFn: server({ status: 404 }).fetchFn })),
    ).toBe("network");
    const offline: typeof fetch = () => Promise.reject(new TypeError("Failed to fetch"));
    expect(codeOf(await download(await spec(), opfsParts(fake.root), { fetchFn: offline }))).toBe("network");
    const stopping = new AbortController();
    const cancelled = await download(await spec(), opfsParts(fake.root), {
      fetchFn: server().fetchFn,
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    });
    expect(codeOf(cancelled)).toBe("cancelled");
    expect(fake.paths()).toHaveLength(2);
    fake.space = 1000;
    expect(codeOf(await download(await spec(), opfsParts(fake.root), { fetchFn: server().fetchFn }))).toBe("quota");
    expect(fake.paths()).toEqual([]);
    expect(fake.open).toBe(0);
  });
});
