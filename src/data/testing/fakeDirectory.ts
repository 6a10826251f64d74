/** OPFS in memory: just what the data room uses, with the error names of browsers. */
import type { DirectoryHandle, FileHandle } from "../opfsFiles";

type Node = { kind: "file"; bytes: Uint8Array<ArrayBuffer> } | { kind: "directory"; children: Map<string, Node> };

export interface FakeRoot {
  readonly root: DirectoryHandle;
  /** All file paths, sorted. */
  paths(): string[];
  /** Bytes that may still be written; infinite by default. */
  space: number;
  /** Access handles and writable streams not closed yet. */
  readonly open: number;
}

function notFound(name: string): DOMException {
  return new DOMException(`${name} is not there`, "NotFoundError");
}

/** `mode`: what the browser offers – access handles as in a worker, or writable streams as in a page. */
export function fakeRoot(mode: "sync" | "stream"): FakeRoot {
  const tree: Node & { kind: "directory" } = { kind: "directory", children: new Map() };
  let open = 0;
  const fake: FakeRoot = {
    root: directory(tree),
    space: Infinity,
    get open() {
      return open;
    },
    paths: () => {
      const walk = (node: Node, path: string): string[] =>
        node.kind === "file"
          ? [path]
          : [...node.children].flatMap(([name, child]) => walk(child, path === "" ? name : `${path}/${name}`));
      return walk(tree, "").sort();
    },
  };

  function grow(old: Uint8Array, bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
    const next = new Uint8Array(Math.max(old.length, at + bytes.length));
    next.set(old);
    next.set(bytes, at);
    return next;
  }

  function file(node: Node & { kind: "file" }): FileHandle {
    const getFile = (): Promise<Blob> => Promise.resolve(new Blob([node.bytes]));
    if (mode === "sync") {
      return {
        getFile,
        createSyncAccessHandle: () => {
          open++;
          return Promise.resolve({
            getSize: () => node.bytes.length,
            truncate: (size: number) => void (node.bytes = node.bytes.slice(0, size)),
            write: (bytes: Uint8Array, { at }: { at: number }) => {
              const part = bytes.subarray(0, Math.min(bytes.length, fake.space));
              fake.space -= part.length;
              node.bytes = grow(node.bytes, part, at);
              return part.length;
            },
            flush: () => undefined,
            close: () => void open--,
          });
        },
      };
    }
    return {
      getFile,
      createWritable: ({ keepExistingData = false } = {}) => {
        open++;
        let draft: Uint8Array<ArrayBuffer> = keepExistingData ? node.bytes.slice() : new Uint8Array(0);
        let at = 0;
        return Promise.resolve({
          seek: (position: number) => Promise.resolve(void (at = position)),
          write: (bytes: Uint8Array) => {
            if (bytes.length > fake.space) return Promise.reject(new DOMException("full", "QuotaExceededError"));
            fake.space -= bytes.length;
            draft = grow(draft, bytes, at);
            at += bytes.length;
            return Promise.resolve();
          },
          close: () => {
            open--;
            node.bytes = draft;
            return Promise.resolve();
          },
          abort: () => Promise.resolve(void open--),
        });
      },
    };
  }

  function directory(node: Node & { kind: "directory" }): DirectoryHandle {
    const child = (name: string, kind: Node["kind"], create: boolean): Node => {
      let found = node.children.get(name);
      if (found === undefined && create) {
        found = kind === "file" ? { kind, bytes: new Uint8Array(0) } : { kind, children: new Map() };
        node.children.set(name, found);
      }
      if (found === undefined) throw notFound(name);
      if (found.kind !== kind) throw new DOMException(name, "TypeMismatchError");
      return found;
    };
    return {
      getDirectoryHandle: async (name, { create = false } = {}) => {
        const found = child(name, "directory", create);
        return directory(found as Node & { kind: "directory" });
      },
      getFileHandle: async (name, { create = false } = {}) =>
        file(child(name, "file", create) as Node & { kind: "file" }),
      removeEntry: async (name) => {
        if (!node.children.delete(name)) throw notFound(name);
      },
      entries: async function* () {
        for (const [name, { kind }] of [...node.children]) yield [name, { kind }];
      },
    };
  }

  return fake;
}
