/**
 * Multipliers of a map by image, by channel or both (squeeze-and-excitation, masks, drop path), and the sums over an image's rows that their gradients and
 * global pooling need.
 */
import type { Call } from "../../isa/isa";
import { columnGroups, walkRows } from "./columns";
import { WORKGROUP, type KernelTable, type Pass, type Source, type Tuning } from "./kernelDef";
import { loadOf, type Load } from "./load";
import { eachRow, factorsOf, loadedOf, rowsPass, sharesSums, storeRows, storeRowsInto } from "./rows";

/** Declares the multiplier `s`j of row m`j`: any address, so float by float unless all of a row's are the same. */
const multiplier = (isRow: boolean) => (j: number): string => {
  const at = `at${j}`;
  const one = (offset: number): string => `A[(${at} + ${offset}) >> 2][(${at} + ${offset}) & 3]`;
  if (isRow) return `let ${at} = J.from + (m${j} / J.rows) * J.by; let s${j} = vec4f(${one(0)});`;
  return `let ${at} = J.from + (m${j} / J.rows) * J.by + 4 * q;
  var s${j} = A[${at} >> 2];
  if ((${at} & 3) != 0) { s${j} = vec4f(${[0, 1, 2, 3].map(one).join(", ")}); }`;
};

function scalePass(args: Call<"scale">["args"], tuning: Tuning): Pass {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const isRow = args.sc === 0;
  const text = (): string => `
  ${factorsOf(load, "x", "q")}
  ${eachRow(
    (j) => `${multiplier(isRow)(j)} let y${j} = ${loadedOf(load, "x", `A[J.x + m${j} * J.xld + q]`)} * s${j};`,
    storeRows((j) => `y${j}`),
  )}`;
  return rowsPass(`scale ${isRow ? "row" : "channel"} ${load.key}`, args, tuning, text, { ints: { from: args.s, by: args.sb } });
}

function gradInputPass(args: Call<"scaleGradInput">["args"], tuning: Tuning): Pass {
  const isRow = args.sc === 0;
  const text = (): string =>
    eachRow(
      (j) => `${multiplier(isRow)(j)} let d${j} = A[J.dy + m${j} * J.dyld + q] * s${j};`,
      storeRowsInto((j) => `d${j}`),
    );
  return rowsPass(`scaleGradInput ${isRow ? "row" : "channel"}`, args, tuning, text, { ints: { from: args.s, by: args.sb } });
}

/** Sums over the `count` rows of each image b, of load(x) or of load(x) · dy; one thread or one workgroup for 4 channels of an image. */
function imageSums(isShared: boolean, load: Load, withDy: boolean, store: string): Source {
  const row = (j: number, m: string): string => `
    let v${j} = ${loadedOf(load, "x", `A[J.x + ${m} * J.xld + q]`)}${withDy ? ` * A[J.dy + ${m} * J.dyld + q]` : ""};`;
  const add = (js: readonly number[]): string => `sum += ${js.map((j) => `v${j}`).join(" + ")};`;
  const walk = (begin: string, step: string): string => `
  let q = cell % J.vectors;
  let b = cell / J.vectors;
  ${factorsOf(load, "x", "q")}
  var sum = vec4f();
  ${walkRows(`b * J.count${begin}`, "(b + 1) * J.count", step, row, add)}`;
  if (!isShared) return { body: `let cell = i; if (cell >= J.vectors * J.images) { return; } ${walk("", "1")} ${store}` };
  return {
    helpers: `var<workgroup> shared_sums: array<vec4f, ${WORKGROUP}>;`,
    body: `let cell = group; ${walk(" + lid", String(WORKGROUP))}
  shared_sums[lid] = sum;
  workgroupBarrier();
  if (lid == 0) {
    for (var t = 1; t < ${WORKGROUP}; t++) { sum += shared_sums[t]; }
    ${store}
  }`,
  };
}

function imageSumsPass(key: string, images: number, count: number, args: Call<"globalPool">["args"] | Call<"scaleGradScale">["args"], withDy: boolean, store: string, tuning: Tuning): Pass {
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const vectors = args.C / 4;
  const isShared = sharesSums(tuning) && count > WORKGROUP;
  return {
    key: `${key}${isShared ? " shared" : ""} ${load.key}`,
    arenas: { A: "vec4f" },
    source: () => imageSums(isShared, load, withDy, store),
    groups: columnGroups(isShared, vectors * images),
    ints: { vectors, images, count },
  };
}

function gradScalePass(args: Call<"scaleGradScale">["args"], tuning: Tuning): Pass {
  const count = args.sb === 0 ? args.M : args.rows;
  const pass = imageSumsPass("scaleGradScale", args.M / count, count, args, true, "A[J.ds + b * J.by + q] = sum;", tuning);
  return { ...pass, ints: { ...pass.ints, by: args.sb / 4 } };
}

const globalGradText = (): string =>
  eachRow(
    (j) => `let d${j} = A[J.dy + (m${j} / J.rows) * J.dyld + q] / f32(J.rows);`,
    storeRowsInto((j) => `d${j}`),
  );

/** Multipliers and global pooling. */
export const multipliers: KernelTable = {
  scale: { passes: (args, tuning) => [scalePass(args, tuning)] },
  scaleGradInput: { passes: (args, tuning) => [gradInputPass(args, tuning)] },
  scaleGradScale: { passes: (args, tuning) => [gradScalePass(args, tuning)] },
  globalPool: {
    passes: (args, tuning) => [
      imageSumsPass("globalPool", args.B, args.rows, args, false, "A[J.y + b * J.yld + q] = sum / f32(J.count);", tuning),
    ],
  },
  globalPoolGrad: {
    passes: (args, tuning) => {
      const M = args.B * args.rows;
      return [rowsPass("globalPoolGrad", { M, C: args.C }, tuning, globalGradText, { ints: { M } })];
    },
  },
};
