/**
 * A data-only reader for the pickles of CIFAR-10's Python archive. It knows dictionaries, lists, tuples, numbers, strings and uint8
 * arrays, of Python 2 (protocol 2) and Python 3 (protocols 2–4). Nothing is ever looked up or called: five names of NumPy
 * and codecs are recognised as marks in the data, any other name ends the reading.
 */
import { quoted, stop } from "./failure";

/** Larger members are refused before they are read; an official one has 31 MB. */
export const MAX_PICKLE_BYTES = 64 * 1024 * 1024;
/** Opcodes of an official batch: about 60,000. */
const MAX_OPCODES = 1_000_000;

const RECONSTRUCT = ["numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"];
const ALLOWED_GLOBALS = new Set([...RECONSTRUCT, "numpy.ndarray", "numpy.dtype", "_codecs.encode"]);

interface PickledText {
  readonly kind: "text";
  readonly utf8: Uint8Array;
}
interface PickledGlobal {
  readonly kind: "global";
  readonly name: string;
}
interface PickledDtype {
  readonly kind: "dtype";
  readonly code: string;
}
/** A NumPy array; its fields are filled in by its BUILD opcode. */
export interface PickledArray {
  readonly kind: "array";
  shape: readonly number[];
  dtype: string;
  fortran: boolean;
  data: Uint8Array;
}
export type PickleValue =
  | null
  | boolean
  | number
  | Uint8Array
  | PickledText
  | PickledGlobal
  | PickledDtype
  | PickledArray
  | PickleValue[]
  | Map<string, PickleValue>;

const latin1 = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

/** A short byte string or text as text; null for anything else. */
export function pickledString(value: PickleValue | undefined): string | null {
  if (value instanceof Uint8Array) return value.length > 1024 ? null : latin1(value);
  if (value === null || typeof value !== "object" || !("kind" in value) || value.kind !== "text") return null;
  return value.utf8.length > 1024 ? null : new TextDecoder().decode(value.utf8);
}

class PickleMachine {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly name: string;
  private at = 0;
  private readonly stack: PickleValue[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.name = name;
  }

  run(): PickleValue {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const op = this.uint(1);
      if (op === 0x2e) return this.pop(); // STOP
      if (!this.literal(op) && !this.container(op) && !this.remembered(op) && !this.object(op)) {
        return this.bad(`unknown opcode 0x${op.toString(16)}`);
      }
    }
    return this.bad("too many opcodes");
  }

  private bad(why: string): never {
    return stop("bad-pickle", `${quoted(this.name)} is not a CIFAR-10 batch in pickle form (${why}).`);
  }

  private unsafe(what: string): never {
    return stop("unsafe-pickle", `${quoted(this.name)} asks to run code (${quoted(what)}), so it was not read.`);
  }

  private slice(n: number): Uint8Array {
    if (n > this.bytes.length - this.at) stop("truncated", `${quoted(this.name)} ends too early.`);
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  /** Unsigned little-endian integer of 1, 2, 4 or 8 bytes. */
  private uint(width: 1 | 2 | 4 | 8): number {
    this.slice(width);
    const from = this.at - width;
    if (width === 1) return this.view.getUint8(from);
    if (width === 2) return this.view.getUint16(from, true);
    if (width === 4) return this.view.getUint32(from, true);
    return this.view.getUint32(from, true) + this.view.getUint32(from + 4, true) * 4294967296;
  }

  private line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0 || end - this.at > 1024) this.bad("endless name");
    const text = latin1(this.slice(end - this.at));
    this.at++;
    return text;
  }

  private pop(): PickleValue {
    const floor = this.marks.at(-1) ?? 0;
    const value = this.stack.length > floor ? this.stack.pop() : undefined;
    return value === undefined ? this.bad("empty stack") : value;
  }

  private top(): PickleValue {
    const value = this.stack.at(-1);
    return value === undefined ? this.bad("empty stack") : value;
  }

  private popToMark(): PickleValue[] {
    const mark = this.marks.pop();
    return mark === undefined ? this.bad("no mark") : this.stack.splice(mark);
  }

  private push(value: PickleValue): true {
    this.stack.push(value);
    return true;
  }

  private text(length: number): true {
    return this.push({ kind: "text", utf8: this.slice(length) });
  }

  private literal(op: number): boolean {
    switch (op) {
      case 0x80: // PROTO
        return this.uint(1) <= 5 || this.bad("unknown protocol");
      case 0x95: // FRAME
        this.uint(8);
        return true;
      case 0x4e: // NONE
        return this.push(null);
      case 0x88: // NEWTRUE
        return this.push(true);
      case 0x89: // NEWFALSE
        return this.push(false);
      case 0x4b: // BININT1
        return this.push(this.uint(1));
      case 0x4d: // BININT2
        return this.push(this.uint(2));
      case 0x4a: // BININT
        return this.push(this.uint(4) | 0);
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
        return this.push(this.slice(this.uint(1)));
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        return this.push(this.slice(this.uint(4)));
      case 0x8e: // BINBYTES8
        return this.push(this.slice(this.uint(8)));
      case 0x8c: // SHORT_BINUNICODE
        return this.text(this.uint(1));
      case 0x58: // BINUNICODE
        return this.text(this.uint(4));
      case 0x8d: // BINUNICODE8
        return this.text(this.uint(8));
      default:
        return false;
    }
  }

  private container(op: number): boolean {
    switch (op) {
      case 0x28: // MARK
        this.marks.push(this.stack.length);
        return true;
      case 0x7d: // EMPTY_DICT
        return this.push(new Map<string, PickleValue>());
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.push([]);
      case 0x74: // TUPLE
        return this.push(this.popToMark());
      case 0x85: // TUPLE1
        return this.push([this.pop()]);
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: op - 0x84 }, () => this.pop());
        return this.push(items.reverse());
      }
      case 0x61: // APPEND
        return this.append([this.pop()]);
      case 0x65: // APPENDS
        return this.append(this.popToMark());
      case 0x73: {
        // SETITEM
        const value = this.pop();
        return this.setItems([this.pop(), value]);
      }
      case 0x75: // SETITEMS
        return this.setItems(this.popToMark());
      default:
        return false;
    }
  }

  private append(items: readonly PickleValue[]): true {
    const list = this.top();
    if (!Array.isArray(list)) return this.bad("append to something that is no list");
    for (const item of items) list.push(item);
    return true;
  }

  private setItems(items: readonly PickleValue[]): true {
    const dict = this.top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) return this.bad("items outside a dictionary");
    for (let i = 0; i < items.length; i += 2) {
      const key = pickledString(items[i]);
      if (key === null) return this.bad("a key that is no string");
      dict.set(key, items[i + 1] as PickleValue);
    }
    return true;
  }

  private remembered(op: number): boolean {
    switch (op) {
      case 0x71: // BINPUT
        this.memo.set(this.uint(1), this.top());
        return true;
      case 0x72: // LONG_BINPUT
        this.memo.set(this.uint(4), this.top());
        return true;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        return true;
      case 0x68: // BINGET
        return this.recall(this.uint(1));
      case 0x6a: // LONG_BINGET
        return this.recall(this.uint(4));
      default:
        return false;
    }
  }

  private recall(index: number): true {
    const value = this.memo.get(index);
    return value === undefined ? this.bad("an unknown reference") : this.push(value);
  }

  private object(op: number): boolean {
    switch (op) {
      case 0x63: {
        // GLOBAL
        const module = this.line();
        return this.global(module, this.line());
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = pickledString(this.pop());
        return this.global(pickledString(this.pop()) ?? "?", name ?? "?");
      }
      case 0x52: {
        // REDUCE
        const args = this.pop();
        return this.push(this.reduce(this.pop(), args));
      }
      case 0x62: // BUILD
        return this.build(this.pop());
      case 0x69: // INST
      case 0x6f: // OBJ
      case 0x81: // NEWOBJ
      case 0x92: // NEWOBJ_EX
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
      case 0x50: // PERSID
      case 0x51: // BINPERSID
        return this.unsafe(`opcode 0x${op.toString(16)}`);
      default:
        return false;
    }
  }

  private global(module: string, name: string): true {
    const full = `${module}.${name}`;
    return ALLOWED_GLOBALS.has(full) ? this.push({ kind: "global", name: full }) : this.unsafe(full);
  }

  private reduce(callee: PickleValue, args: PickleValue): PickleValue {
    if (callee === null || typeof callee !== "object" || !("kind" in callee) || callee.kind !== "global") {
      return this.unsafe("a call");
    }
    if (!Array.isArray(args)) return this.bad("a call without arguments");
    if (callee.name === "_codecs.encode") return this.encodeLatin1(args[0]);
    if (callee.name === "numpy.dtype") return { kind: "dtype", code: pickledString(args[0]) ?? "?" };
    if (RECONSTRUCT.includes(callee.name)) {
      return { kind: "array", shape: [], dtype: "?", fortran: false, data: new Uint8Array(0) };
    }
    return this.unsafe(callee.name);
  }

  /** Python 3 writes bytes in protocol 2 as text to be encoded as Latin-1. */
  private encodeLatin1(text: PickleValue | undefined): Uint8Array {
    if (text === null || typeof text !== "object" || !("kind" in text) || text.kind !== "text")
      return this.bad("bytes without text");
    const { utf8 } = text;
    const out = new Uint8Array(utf8.length);
    let n = 0;
    for (let i = 0; i < utf8.length; i++) {
      const lead = utf8[i] as number;
      if (lead < 0x80) out[n++] = lead;
      else if (lead === 0xc2 || lead === 0xc3) out[n++] = ((lead & 3) << 6) | ((utf8[++i] ?? 0) & 0x3f);
      else return this.bad("bytes that are not Latin-1");
    }
    return out.subarray(0, n);
  }

  private build(state: PickleValue): true {
    const target = this.top();
    if (target === null || typeof target !== "object" || !("kind" in target)) return this.unsafe("an object's state");
    if (target.kind === "dtype") return true; // byte order and alignment mean nothing for one-byte types
    if (target.kind !== "array") return this.unsafe("an object's state");
    if (!Array.isArray(state) || state.length !== 5) return this.bad("an array without its state");
    const [, shape, dtype, fortran, data] = state;
    if (!Array.isArray(shape) || !shape.every((side) => typeof side === "number"))
      return this.bad("an array without a shape");
    if (!(data instanceof Uint8Array)) return this.bad("an array without bytes");
    target.shape = shape;
    target.dtype =
      dtype !== null && typeof dtype === "object" && "kind" in dtype && dtype.kind === "dtype" ? dtype.code : "?";
    target.fortran = fortran !== false && fortran !== 0;
    target.data = data;
    return true;
  }
}

/** Read one pickle. `name` is what messages call the file. Throws an `ImportFailure`. */
export function readPickle(bytes: Uint8Array, name: string): PickleValue {
  return new PickleMachine(bytes, name).run();
}
