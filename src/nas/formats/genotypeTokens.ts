/** Python literals as far as a genotype needs them: a tokenizer and a tree of values that know their lines. Nothing is ever evaluated. */
import { fail, ok, type Problem, type Result } from "@/lib/result";
import { quote, unreadableAt } from "./text";

/** Longest genotype text that is read; the longest published one has 1 KB. */
export const MAX_GENOTYPE = 65_536;
const MAX_TOKENS = 8192;
const MAX_NESTING = 6;

export interface Token {
  readonly kind: "name" | "string" | "number" | "mark";
  readonly text: string;
  readonly line: number;
}

/** A literal with the line it begins in; a call such as `range(2, 6)` is a name with arguments. */
export type Literal =
  | { readonly kind: "list"; readonly items: readonly Literal[]; readonly line: number }
  | { readonly kind: "call"; readonly name: string; readonly items: readonly Literal[]; readonly line: number }
  | { readonly kind: "string" | "name"; readonly text: string; readonly line: number }
  | { readonly kind: "number"; readonly value: number; readonly text: string; readonly line: number };

const TOKEN =
  /[ \t\r\f]+|#[^\n]*|\n|([A-Za-z_]\w*)|(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|'([^'\\\n]*)'|"([^"\\\n]*)"|([()[\],=.])/y;

/** Text → tokens; `line` is the number of its first line. Comments and space between tokens are dropped. */
export function tokenize(text: string, line: number): Result<Token[]> {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) {
      const rest = text.slice(at, at + 24).split("\n")[0] ?? "";
      return unreadableAt(line, `${quote(rest)} does not belong in a genotype, or a quote is not closed.`);
    }
    at = TOKEN.lastIndex;
    const [whole, name, number, single, double, mark] = match;
    if (whole === "\n") line++;
    else if (name !== undefined) tokens.push({ kind: "name", text: name, line });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, line });
    else if (mark !== undefined) tokens.push({ kind: "mark", text: mark, line });
    else if (single !== undefined || double !== undefined)
      tokens.push({ kind: "string", text: single ?? double ?? "", line });
    if (tokens.length > MAX_TOKENS) return unreadableAt(line, "the genotype has far more entries than any cell.");
  }
  return ok(tokens);
}

/** Thrown inside the reader only; {@link reading} turns it into a result. */
class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Reads tokens one by one. Its methods throw what {@link reading} catches. */
export class TokenReader {
  private readonly tokens: readonly Token[];
  private readonly lastLine: number;
  private at = 0;

  /** `lastLine`: where the text ends, for what is cut off. */
  constructor(tokens: readonly Token[], lastLine: number) {
    this.tokens = tokens;
    this.lastLine = lastLine;
  }

  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  isMark(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === "mark" && token.text === text;
  }

  next(expected: string): Token {
    const token = this.tokens[this.at++];
    if (token === undefined) this.refuse(this.lastLine, `the genotype is cut off; ${expected} should follow.`);
    return token;
  }

  mark(text: string): Token {
    const token = this.next(quote(text));
    if (token.kind !== "mark" || token.text !== text)
      this.refuse(token.line, `${quote(token.text)} stands where ${quote(text)} should.`);
    return token;
  }

  refuse(line: number, what: string): never {
    throw new Refusal(unreadableAt(line, what).problem);
  }

  /** Literals up to the closing mark, separated by commas; a comma may follow the last. */
  items(close: string, depth: number): Literal[] {
    const items: Literal[] = [];
    while (!this.isMark(close)) {
      items.push(this.literal(depth));
      if (!this.isMark(close)) this.mark(",");
    }
    this.mark(close);
    return items;
  }

  literal(depth = 0): Literal {
    const token = this.next("a value");
    const { text, line } = token;
    if (depth > MAX_NESTING)
      this.refuse(line, `brackets are nested more than ${MAX_NESTING} deep; no genotype does that.`);
    if (token.kind === "string") return { kind: "string", text, line };
    if (token.kind === "number") return { kind: "number", value: Number(text), text, line };
    if (token.kind === "name") {
      if (!this.isMark("(")) return { kind: "name", text, line };
      this.mark("(");
      return { kind: "call", name: text, items: this.items(")", depth + 1), line };
    }
    if (text === "(" || text === "[")
      return { kind: "list", items: this.items(text === "(" ? ")" : "]", depth + 1), line };
    return this.refuse(line, `${quote(text)} stands where a value should.`);
  }
}

/** Runs a reader and gives its first refusal as a problem. */
export function reading<T>(work: () => T): Result<T> {
  try {
    return ok(work());
  } catch (cause) {
    if (cause instanceof Refusal) return fail(cause.problem);
    throw cause;
  }
}

/** How a literal is named in a sentence. */
export function shown(literal: Literal): string {
  if (literal.kind === "list") return "a list";
  if (literal.kind === "call") return quote(`${literal.name}(…)`);
  return quote(literal.text);
}
