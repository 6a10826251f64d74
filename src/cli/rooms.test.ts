/** Holds the tree to its own rules: who imports whom, what stays pure, how long a file may be. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ROOT } from "./process.mjs";
import { importProblem, IMPURE, MAX_LINES, ruleOf } from "./rooms.mjs";

const SRC = path.join(ROOT, "src");

interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(file);
    return /\.(?:[cm]?tsx?|mjs)$/.test(entry.name) ? [file] : [];
  });
}

/** The text without comments; strings stay. */
function withoutComments(text: string, fileName: string): string {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  let code = "";
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(source);
    if (children.length > 0) children.forEach(visit);
    else if (!ts.isJSDoc(node)) code += ` ${node.getText(source)}`;
  };
  visit(source);
  return code.replaceAll(/\s*\.\s*/g, ".");
}

function importsOf(text: string, fileName: string): Import[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) found.push({ specifier: specifier.text, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      const allTypes =
        node.importClause?.name === undefined && bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.every((e) => e.isTypeOnly);
      add(node.moduleSpecifier, node.importClause?.isTypeOnly === true || allTypes);
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Path below `src` of what a specifier means, or null for a package. */
function targetOf(from: string, specifier: string): string | null {
  if (specifier.startsWith("@/")) return specifier.slice(2);
  if (specifier.startsWith(".")) return path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
  return null;
}

const isTest = (file: string): boolean => /\.test\.tsx?$|\/testing\//.test(file);
const files = filesBelow(SRC).map((file) => ({
  name: path.relative(SRC, file).split(path.sep).join("/"),
  text: readFileSync(file, "utf8"),
}));
const product = files.filter((file) => !isTest(file.name));

describe("rooms", () => {
  it("import only in the directions of the table", () => {
    const problems = product.flatMap(({ name, text }) =>
      importsOf(text, name).flatMap(({ specifier, isTypeOnly }) => {
        if (specifier.startsWith("@tensorflow/")) {
          const rule = ruleOf(name);
          return rule === null || rule?.tfjs === true || isTypeOnly ? [] : [`${name}: may not import ${specifier}`];
        }
        const target = targetOf(name, specifier);
        const problem = target === null || target.startsWith("..") ? null : importProblem(name, target, isTypeOnly);
        return problem === null ? [] : [`${name}: ${problem}`];
      }),
    );
    expect(problems).toEqual([]);
  });

  it("have no barrels", () => {
    expect(files.map((file) => file.name).filter((name) => /(^|\/)index\.tsx?$/.test(name))).toEqual([]);
  });

  it("nas and lib are pure", () => {
    const problems = product
      .filter(({ name }) => /^(?:nas|lib)\//.test(name))
      .flatMap(({ name, text }) => {
        const word = IMPURE.exec(withoutComments(text, name))?.[0];
        return word === undefined ? [] : [`${name} mentions ${word}`];
      });
    expect(problems).toEqual([]);
  });

  it(`no file is longer than ${MAX_LINES} lines`, () => {
    const long = files.map(({ name, text }) => ({ name, lines: text.trimEnd().split("\n").length })).filter(({ lines }) => lines > MAX_LINES);
    expect(long).toEqual([]);
  });
});

describe("the checks themselves", () => {
  it("know the table", () => {
    expect(importProblem("nas/graph.ts", "lib/rng", false)).toBeNull();
    expect(importProblem("nas/graph.ts", "nn/executor", true)).toContain("nas may not import nn");
    expect(importProblem("nn/loss.ts", "nas/graph", false)).toContain("only types");
    expect(importProblem("nn/loss.ts", "nas/graph", true)).toBeNull();
    expect(importProblem("session/client.ts", "engine/runLoop", false)).toContain("only types");
    expect(importProblem("session/host/host.ts", "engine/runLoop", false)).toBeNull();
    expect(importProblem("store/experiment.ts", "algorithms/spos/config", false)).toBeNull();
    expect(importProblem("store/experiment.ts", "algorithms/spos/train", false)).toContain("may not import algorithms");
    expect(importProblem("panels/pool/PoolPanel.tsx", "panels/path/model", false)).toContain("another panel");
    expect(importProblem("panels/pool/PoolPanel.tsx", "session/client", false)).toContain("may not import session");
    expect(importProblem("elsewhere/a.ts", "lib/rng", false)).toContain("not a room");
  });

  it("see imports of every form", () => {
    const text = 'import type { A } from "@/nas/a"; import { type B } from "./b"; import { c, type D } from "../c"; export * from "./e"; const f = await import("@/f/f"); let g: import("./g").G;';
    expect(importsOf(text, "x.ts").map((i) => `${i.specifier}${i.isTypeOnly ? " type" : ""}`)).toEqual([
      "@/nas/a type",
      "./b type",
      "../c",
      "./e",
      "@/f/f",
      "./g type",
    ]);
  });

  it("see words in code and strings, not in comments", () => {
    expect(IMPURE.test(withoutComments("/** console */ const a = 1; // window\n", "x.ts"))).toBe(false);
    expect(IMPURE.test(withoutComments("const a = Date\n  .now();", "x.ts"))).toBe(true);
    expect(IMPURE.test(withoutComments("const t = `${a} ${console.log}`;", "x.ts"))).toBe(true);
  });
});
