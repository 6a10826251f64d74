/**
 * Pointwise products on the GPU: one thread holds a register tile (rows × a few vec4 of columns) and loads each operand once a step; no barrier.
 * Weight gradients: one thread a tile of 8 × 8 weights over a piece of the rows, then one pass that adds the pieces.
 */
import type { Call } from "../../isa/isa";
import { groupsFor, laneOf, repeat, sumOf, type KernelTable, type Pass, type Source, type Tuning } from "./kernelDef";
import { loadFactors, loadOf, loadValue, storeGradients, stores, type Load, type Target } from "./load";
import { isShared, sharedAcross, sharedForwardText, sharedGradInputText, sharedGroups } from "./sharedProduct";
import { addPartials, partialFloats, splitRows, storePartial, type Split } from "./sums";

type Args<I extends "pointwise" | "pointwiseGradInput" | "pointwiseGradWeight" | "biasGrad"> = Call<I>["args"];

/** vec4 columns of a tile: two unless half of the work would be for nothing. */
const columnsOf = (vectors: number): 1 | 2 => (vectors % 2 === 0 || vectors > 4 ? 2 : 1);

/** Register tile of a product with `M` rows and `vectors` vec4 of columns: as large as leaves enough threads. */
function tileOf(M: number, vectors: number, tuning: Tuning): { readonly rows: 4 | 8; readonly columns: 1 | 2 | 4; readonly across: number; readonly threads: number } {
  const made = (rows: 4 | 8, columns: 1 | 2 | 4): ReturnType<typeof tileOf> => {
    const across = Math.ceil(vectors / columns);
    return { rows, columns, across, threads: Math.ceil(M / rows) * across };
  };
  const narrow = columnsOf(vectors);
  const wide = vectors % 4 === 0 && tuning.tileColumns === 4 ? 4 : narrow;
  const large = [made(tuning.tileRows, wide), made(tuning.tileRows, narrow)].find(({ threads }) => threads >= tuning.threads);
  return large ?? made(4, narrow);
}

/** Thread → rows `m`0 … and columns `n`0 …; a tile that sticks out repeats the last row and column inside. */
const place = (rows: number, columns: number): string => `
  let m = (i / J.across) * ${rows};
  if (m >= J.M) { return; }
  ${repeat(rows, (j) => `let m${j} = min(m + ${j}, J.M - 1);`)}
  ${repeat(columns, (q) => `let n${q} = min((i % J.across) * ${columns} + ${q}, J.vectors - 1);`)}`;

const targets = (rows: number, columns: number): Target[] =>
  Array.from({ length: rows * columns }, (_, index) => {
    const [j, q] = [Math.floor(index / columns), index % columns];
    return { value: `a${j}_${q}`, row: `m${j}`, q: `n${q}` };
  });

function productText(rows: number, columns: number, load: Load): Source {
  const body = `${place(rows, columns)}
  ${repeat(columns, (q) => `var b${q} = vec4f();`)}
  if (J.bias >= 0) { ${repeat(columns, (q) => `b${q} = W[J.bias + n${q}];`)} }
  ${repeat(rows, (j) => `let r${j} = J.x + m${j} * J.xld;`)}
  ${repeat(rows, (j) => repeat(columns, (q) => `var a${j}_${q} = b${q};`))}
  for (var k = 0; k < J.steps; k++) {
    ${loadFactors(load, "k")}
    let at = J.w + k * 4 * J.vectors;
    ${repeat(rows, (j) => `let v${j} = ${loadValue(load, `A[r${j} + k]`)};`)}
    ${repeat(columns, (q) => `
    ${repeat(4, (r) => `let w${r}_${q} = W[at + ${r} * J.vectors + n${q}];`)}
    ${repeat(rows, (j) => `a${j}_${q} += ${sumOf(4, (r) => `v${j}.${laneOf(r)} * w${r}_${q}`)};`)}`)}
  }
  ${stores({ at: "J.y", ld: "J.yld" }, targets(rows, columns))}`;
  return { body };
}

function gradInputText(rows: number, columns: number): Source {
  const body = `${place(rows, columns)}
  ${repeat(rows, (j) => `let r${j} = J.dy + m${j} * J.dyld;`)}
  ${repeat(columns, (q) => `let at${q} = J.w + n${q} * 4 * J.steps;`)}
  ${repeat(rows, (j) => repeat(columns, (q) => `var a${j}_${q} = vec4f();`))}
  for (var n = 0; n < J.steps; n++) {
    ${repeat(rows, (j) => `let d${j} = A[r${j} + n];`)}
    ${repeat(columns, (q) => `{
      ${repeat(4, (r) => `let w${r} = W[at${q} + ${r} * J.steps + n];`)}
      ${repeat(rows, (j) => `a${j}_${q} += vec4f(dot(d${j}, w0), dot(d${j}, w1), dot(d${j}, w2), dot(d${j}, w3));`)}
    }`)}
  }
  ${storeGradients(targets(rows, columns))}`;
  return { body };
}

/** Tile of `high` · 4 rows of K by `columns` vec4 of N. */
function gradWeightText(high: number, columns: number, load: Load, isDirect: boolean): Source {
  const rows = Array.from({ length: high }, (_, a) => a);
  const body = `
  let n0 = (i % J.across) * ${columns};
  let k0 = ((i / J.across) % J.down) * ${high};
  let chunk = i / (J.across * J.down);
  if (chunk >= J.chunks) { return; }
  ${columns === 2 ? "let n1 = min(n0 + 1, J.vectors - 1); let wholeN = n0 + 1 < J.vectors;" : ""}
  ${high === 2 ? "let k1 = min(k0 + 1, J.steps - 1); let wholeK = k0 + 1 < J.steps;" : ""}
  ${rows.map((a) => `let sc${a} = ${load.norm ? `A[J.xcoef + k${a}]` : "0"}; let sh${a} = ${load.norm ? `A[J.xcoef + J.xcs + k${a}]` : "0"};`).join("\n")}
  ${repeat(high * 4, (a) => repeat(columns, (q) => `var a${a}_${q} = vec4f();`))}
  let end = min((chunk + 1) * J.rows, J.M);
  for (var m = chunk * J.rows; m < end; m++) {
    ${rows.map((a) => `let v${a} = ${loadValue(load, `A[J.x + m * J.xld + k${a}]`).replace(/\b(sc|sh)\b/g, `$1${a}`)};`).join("\n")}
    ${repeat(columns, (q) => `let d${q} = A[J.dy + m * J.dyld + n${q}];`)}
    ${repeat(high * 4, (a) => repeat(columns, (q) => `a${a}_${q} += v${a >> 2}.${laneOf(a)} * d${q};`))}
  }
  ${repeat(high * 4, (a) => {
    const stores = repeat(columns, (q) => {
      const store = storePartial(isDirect, `(k${a >> 2} * 4 + ${a & 3}) * J.vectors + n${q}`, `a${a}_${q}`);
      return q === 1 ? `if (wholeN) { ${store} }` : store;
    });
    return a >= 4 ? `if (wholeK) { ${stores} }` : stores;
  })}`;
  return { body };
}

interface WeightTiles {
  readonly high: 1 | 2;
  readonly columns: 1 | 2;
  readonly down: number;
  readonly across: number;
  readonly split: Split;
}

function weightTiles({ M, K, N }: Args<"pointwiseGradWeight">, tuning: Tuning): WeightTiles {
  const [high, columns] = [columnsOf(K / 4), columnsOf(N / 4)];
  const [down, across] = [Math.ceil(K / 4 / high), Math.ceil(N / 4 / columns)];
  return { high, columns, down, across, split: splitRows(M, down * across, 16, tuning) };
}

function gradWeightPasses(args: Args<"pointwiseGradWeight">, tuning: Tuning): Pass[] {
  const { high, columns, down, across, split } = weightTiles(args, tuning);
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const isDirect = split.chunks === 1;
  const size = args.K * args.N;
  const tiles: Pass = {
    key: `pwGradWeight ${high}x${columns} ${load.key}${isDirect ? " direct" : ""}`,
    arenas: isDirect ? { A: "vec4f", G: "vec4f" } : { A: "vec4f" },
    source: () => gradWeightText(high, columns, load, isDirect),
    groups: groupsFor(down * across * split.chunks),
    ints: {
      across, down, vectors: args.N / 4, steps: args.K / 4, rows: split.rows, chunks: split.chunks,
      from: args.tmp / 4, to: args.dw / 4, size: size / 4,
    }, // prettier-ignore
  };
  return isDirect ? [tiles] : [tiles, addPartials(args.tmp, args.dw, size, split.chunks, tuning)];
}

const biasText = (isDirect: boolean): Source => ({
  body: `
  let n = i % J.vectors;
  let chunk = i / J.vectors;
  if (chunk >= J.chunks) { return; }
  var sum = vec4f();
  let end = min((chunk + 1) * J.rows, J.M);
  for (var m = chunk * J.rows; m < end; m++) { sum += A[J.dy + m * J.dyld + n]; }
  ${storePartial(isDirect, "n", "sum")}`,
});

const biasSplit = ({ M, N }: Args<"biasGrad">, tuning: Tuning): Split => splitRows(M, N / 4, 8, tuning);

/** What the products through workgroup memory have in common. */
const shared = (M: number, outputs: number, sums: number): Pick<Pass, "arenas" | "groups" | "ints"> => ({
  arenas: { A: "vec4f", W: "vec4f" },
  groups: sharedGroups(M, outputs),
  ints: { vectors: outputs / 4, across: sharedAcross(outputs), steps: sums / 4 },
});

/** Pointwise products and bias gradients. */
export const products: KernelTable = {
  pointwise: {
    passes(args, tuning) {
      const load = loadOf(args.xmode, args.xlo, args.xhi);
      const vectors = args.N / 4;
      if (isShared(args.M, args.N, args.K, tuning)) {
        return [{ ...shared(args.M, args.N, args.K), key: `pw shared ${load.key}`, source: () => sharedForwardText(load) }];
      }
      const { rows, columns, across, threads } = tileOf(args.M, vectors, tuning);
      return [
        {
          key: `pw ${rows}x${columns} ${load.key}`,
          arenas: { A: "vec4f", W: "vec4f" },
          source: () => productText(rows, columns, load),
          groups: groupsFor(threads),
          ints: { vectors, across, steps: args.K / 4 },
        },
      ];
    },
  },
  pointwiseGradInput: {
    passes(args, tuning) {
      const vectors = args.K / 4;
      if (isShared(args.M, args.K, args.N, tuning)) {
        return [{ ...shared(args.M, args.K, args.N), key: "pwGradInput shared", source: sharedGradInputText }];
      }
      const { rows, columns, across, threads } = tileOf(args.M, vectors, tuning);
      return [
        {
          key: `pwGradInput ${rows}x${columns}`,
          arenas: { A: "vec4f", W: "vec4f" },
          source: () => gradInputText(rows, columns),
          groups: groupsFor(threads),
          ints: { vectors, across, steps: args.N / 4 },
        },
      ];
    },
  },
  pointwiseGradWeight: {
    passes: gradWeightPasses,
    scratchFloats: (args, tuning) => partialFloats(weightTiles(args, tuning).split, args.K * args.N),
  },
  biasGrad: {
    passes(args, tuning) {
      const split = biasSplit(args, tuning);
      const isDirect = split.chunks === 1;
      const sums: Pass = {
        key: `biasGrad${isDirect ? " direct" : ""}`,
        arenas: isDirect ? { A: "vec4f", G: "vec4f" } : { A: "vec4f" },
        source: () => biasText(isDirect),
        groups: groupsFor((args.N / 4) * split.chunks),
        ints: { ...split, vectors: args.N / 4, from: args.tmp / 4, to: args.db / 4, size: args.N / 4 },
      };
      return isDirect ? [sums] : [sums, addPartials(args.tmp, args.db, args.N, split.chunks, tuning)];
    },
    scratchFloats: (args, tuning) => partialFloats(biasSplit(args, tuning), args.N),
  },
};
