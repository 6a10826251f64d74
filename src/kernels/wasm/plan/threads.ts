/**
 * Worker threads of the WASM machine: each runs the same compiled module on the same memory with a stack of its own, sleeping between
 * runs. Their program is a text of plain JavaScript, not a function turned into text, which a minifier would break. Where threads cannot be
 * had (no isolation, a blocked worker, a slow start) the machine has fewer, down to none, and gives the same results.
 */

/** Words of `meeting` in team.h. */
export const meetingAt = { epoch: 16, go: 48, fault: 80, stop: 81 } as const;
export const MEETING_WORDS = 96;

const START_TIMEOUT_MS = 8000;

/** Messages: {module, memory, stack} → "ready"; {team, go, fault} → "serving", then the worker belongs to `serve` until told to stop. */
const SOURCE = `
const node = typeof WorkerGlobalScope === "undefined";
const port = node ? require("node:worker_threads").parentPort : self;
let instance, memory;
function receive(m) {
  if (m.module) {
    memory = m.memory;
    WebAssembly.instantiate(m.module, { env: { memory } }).then(
      (made) => { instance = made; made.exports.__stack_pointer.value = m.stack; port.postMessage("ready"); },
      () => port.postMessage("failed"),
    );
    return;
  }
  port.postMessage("serving");
  try {
    instance.exports.serve(m.team, m.go);
  } catch (error) {
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, m.fault, 1);
    Atomics.notify(words, m.epoch);
  }
  if (node) process.exit(0); else close();
}
if (node) port.on("message", receive); else port.onmessage = (event) => receive(event.data);
`;

/** What browsers' and Node's workers have in common. */
export interface Thread {
  post(message: unknown): void;
  /** Resolves with whether the next message is `text`; false on an error or when it takes too long. */
  expect(text: string): Promise<boolean>;
  terminate(): void;
}

type Listener = (message: unknown) => void;

function makeThread(post: Thread["post"], terminate: Thread["terminate"], subscribe: (listener: Listener) => void): Thread {
  const inbox: unknown[] = [];
  let waiting: Listener | null = null;
  subscribe((message) => {
    if (waiting) waiting(message);
    else inbox.push(message);
  });
  const next = (): Promise<unknown> =>
    new Promise((resolve) => {
      if (inbox.length > 0) return resolve(inbox.shift());
      const timer = setTimeout(() => finish("late"), START_TIMEOUT_MS);
      const finish = (message: unknown): void => {
        clearTimeout(timer);
        waiting = null;
        resolve(message);
      };
      waiting = finish;
    });
  return { post, terminate, expect: async (text) => (await next()) === text };
}

function browserThread(url: string): Thread {
  const worker = new Worker(url, { name: "nas-kernels" });
  return makeThread(
    (message) => worker.postMessage(message),
    () => worker.terminate(),
    (listener) => {
      worker.onmessage = (event: MessageEvent<unknown>) => listener(event.data);
      worker.onerror = () => listener("failed");
    },
  );
}

function nodeThread(): Thread {
  const { Worker: NodeWorker } = process.getBuiltinModule("node:worker_threads");
  const worker = new NodeWorker(SOURCE, { eval: true, execArgv: [] });
  worker.unref();
  return makeThread(
    (message) => worker.postMessage(message),
    () => void worker.terminate(),
    (listener) => {
      worker.on("message", listener);
      worker.on("error", () => listener("failed"));
    },
  );
}

/** Whether memory can be posted to workers here at all. */
function mayShare(): boolean {
  if (typeof Worker === "undefined") return typeof process !== "undefined" && typeof process.getBuiltinModule === "function";
  return typeof crossOriginIsolated === "boolean" && crossOriginIsolated;
}

/** Up to `count` threads that have the module ready; those that fail to start are left out. */
export async function startThreads(count: number, module: WebAssembly.Module, memory: WebAssembly.Memory, stackOf: () => number): Promise<Thread[]> {
  if (count <= 0 || !mayShare()) return [];
  const url = typeof Worker === "undefined" ? null : URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" }));
  const start = async (): Promise<Thread | null> => {
    let thread: Thread | null = null;
    try {
      thread = url === null ? nodeThread() : browserThread(url);
      thread.post({ module, memory, stack: stackOf() });
      if (await thread.expect("ready")) return thread;
    } catch {
      // Not posted or not started: one thread fewer.
    }
    thread?.terminate();
    return null;
  };
  const started = await Promise.all(Array.from({ length: count }, start));
  if (url !== null) URL.revokeObjectURL(url);
  return started.filter((thread) => thread !== null);
}
