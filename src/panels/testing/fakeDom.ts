/** What jsdom lacks and panels need: element sizes, and a 2-D context that remembers what was drawn. */

/** Every element measures `width` × `height`; returns the undo. */
export function fakeLayout(width: number, height: number): () => void {
  const define = (name: "clientWidth" | "clientHeight", value: number): void =>
    void Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => value });
  define("clientWidth", width);
  define("clientHeight", height);
  const before = globalThis.ResizeObserver;
  globalThis.ResizeObserver = class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
  return () => {
    Reflect.deleteProperty(HTMLElement.prototype, "clientWidth");
    Reflect.deleteProperty(HTMLElement.prototype, "clientHeight");
    globalThis.ResizeObserver = before;
  };
}

export interface CanvasCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** A context whose method calls are listed; properties can be set and read. */
export function fakeContext(): { readonly context: CanvasRenderingContext2D; readonly calls: CanvasCall[] } {
  const calls: CanvasCall[] = [];
  const properties = new Map<PropertyKey, unknown>();
  const context = new Proxy(
    {},
    {
      get: (_, name) =>
        properties.has(name)
          ? properties.get(name)
          : (...args: unknown[]) => void calls.push({ name: String(name), args }),
      set: (_, name, value) => {
        properties.set(name, value);
        return true;
      },
    },
  );
  return { context: context as CanvasRenderingContext2D, calls };
}

/** Canvases give that context; returns the calls and the undo. */
export function fakeCanvas(): { readonly calls: CanvasCall[]; readonly restore: () => void } {
  const { context, calls } = fakeContext();
  const before = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = (() => context) as unknown as typeof before;
  return { calls, restore: () => void (HTMLCanvasElement.prototype.getContext = before) };
}
