/** A directory handle in memory for tests: counts bytes against a quota and can fail at the n-th write, as a closed tab would. */
import type { DirectoryLike, FileLike } from "../opfsFiles";

export interface FakeOptions {
  /** Bytes that fit; Infinity by default. */
  quota?: number;
  /** Writes that succeed before every further one fails; Infinity by default. */
  writesLeft?: number;
  /** Which interface files offer. */
  readonly writer: "stream+move" | "stream" | "sync";
}

type Node = Map<string, Node | Uint8Array<ArrayBuffer>>;

function missing(name: string): DOMException {
  return new DOMException(`${name} was not found.`, "NotFoundError");
}

function sizeOf(node: Node): number {
  let sum = 0;
  for (const entry of node.values()) sum += entry instanceof Map ? sizeOf(entry) : entry.length;
  return sum;
}

/** The root handle; `options` may be changed while it is in use. `files()` lists every path with its size. */
export function fakeDirectory(
  options: FakeOptions,
): DirectoryLike & { files(): Record<string, number>; corrupt(path: string): void } {
  const root: Node = new Map();

  function store(parent: Node, name: string, bytes: Uint8Array<ArrayBuffer>): void {
    options.writesLeft = (options.writesLeft ?? Infinity) - 1;
    if (options.writesLeft < 0) throw new DOMException("The tab was closed.", "AbortError");
    const old = parent.get(name);
    const freed = old instanceof Uint8Array ? old.length : 0;
    if (sizeOf(root) - freed + bytes.length > (options.quota ?? Infinity))
      throw new DOMException("Full.", "QuotaExceededError");
    parent.set(name, bytes.slice());
  }

  function file(parent: Node, initial: string): FileLike {
    let name = initial;
    const handle: FileLike = {
      getFile: () => {
        const bytes = parent.get(name);
        return bytes instanceof Uint8Array ? Promise.resolve(new Blob([bytes])) : Promise.reject(missing(name));
      },
    };
    if (options.writer === "sync") {
      // In place and in pieces, as real ones: what is cut off half-way stays torn.
      handle.createSyncAccessHandle = () => {
        const held = (): Uint8Array<ArrayBuffer> => {
          const bytes = parent.get(name);
          return bytes instanceof Uint8Array ? bytes : new Uint8Array(0);
        };
        return Promise.resolve({
          truncate: (size) => void parent.set(name, held().slice(0, size)),
          write: (bytes, { at }) => {
            const count = Math.min(bytes.length, 1000);
            const grown = new Uint8Array(Math.max(held().length, at + count));
            grown.set(held());
            grown.set(bytes.subarray(0, count), at);
            if (sizeOf(root) - held().length + grown.length > (options.quota ?? Infinity)) return 0;
            store(parent, name, grown);
            return count;
          },
          flush: () => undefined,
          close: () => undefined,
        });
      };
      return handle;
    }
    handle.createWritable = () => {
      let held = new Uint8Array(0);
      return Promise.resolve({
        write: (bytes) => Promise.resolve(void (held = bytes.slice())),
        close: async () => store(parent, name, held),
        abort: () => Promise.resolve(),
      });
    };
    if (options.writer === "stream+move") {
      handle.move = (to) => {
        const bytes = parent.get(name);
        if (bytes === undefined) return Promise.reject(missing(name));
        parent.delete(name);
        parent.set(to, bytes);
        name = to;
        return Promise.resolve();
      };
    }
    return handle;
  }

  function directory(node: Node): DirectoryLike {
    return {
      getDirectoryHandle: (name, { create = false } = {}) => {
        const found = node.get(name) ?? (create ? new Map() : undefined);
        if (!(found instanceof Map)) return Promise.reject(missing(name));
        node.set(name, found);
        return Promise.resolve(directory(found));
      },
      getFileHandle: (name, { create = false } = {}) => {
        const found = node.get(name);
        if (found instanceof Map || (found === undefined && !create)) return Promise.reject(missing(name));
        if (found === undefined) node.set(name, new Uint8Array(0));
        return Promise.resolve(file(node, name));
      },
      removeEntry: (name) => (node.delete(name) ? Promise.resolve() : Promise.reject(missing(name))),
      entries: async function* () {
        for (const [name, entry] of [...node])
          yield [name, { kind: entry instanceof Map ? ("directory" as const) : ("file" as const) }] as [
            string,
            { kind: "file" | "directory" },
          ];
      },
    };
  }

  function paths(node: Node, prefix: string): [string, number][] {
    return [...node].flatMap(([name, entry]): [string, number][] =>
      entry instanceof Map ? paths(entry, `${prefix}${name}/`) : [[`${prefix}${name}`, entry.length]],
    );
  }

  return {
    ...directory(root),
    files: () => Object.fromEntries(paths(root, "").sort()),
    corrupt: (path) => {
      const parts = path.split("/");
      const last = parts.pop() ?? "";
      const parent = parts.reduce<Node>((node, part) => node.get(part) as Node, root);
      const bytes = (parent.get(last) as Uint8Array<ArrayBuffer>).slice();
      bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 0xff;
      parent.set(last, bytes);
    },
  };
}
