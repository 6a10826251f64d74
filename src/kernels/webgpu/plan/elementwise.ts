/** Copies: sums of maps, channels moved within rows, constants, parameter vectors among the activations. */
import type { Call } from "../../isa/isa";
import { groupsFor, type KernelTable, type Pass, type Tuning } from "./kernelDef";
import { loadOf, type Load } from "./load";
import { eachRow, factorsOf, loadedOf, rowsPass, storeRows } from "./rows";

type Apply = Call<"apply">["args"];
type Channels = Call<"channels">["args"];
type Fill = Call<"fill">["args"];

const applyText = (x: Load, r: Load | null): string => `
  ${factorsOf(x, "x", "q")}
  ${r === null ? "" : factorsOf(r, "r", "q")}
  ${eachRow(
    (j) => `
    let x${j} = ${loadedOf(x, "x", `A[J.x + m${j} * J.xld + q]`)};
    ${r === null ? "" : `let r${j} = ${loadedOf(r, "r", `A[J.r + m${j} * J.rld + q]`)};`}`,
    storeRows((j) => `x${j}${r === null ? "" : ` + r${j}`}`),
  )}`;

function applyPass(args: Apply, tuning: Tuning): Pass {
  const x = loadOf(args.xmode, args.xlo, args.xhi);
  const r = args.r < 0 ? null : loadOf(args.rmode, args.rlo, args.rhi);
  return rowsPass(`apply ${x.key} ${r?.key ?? "-"}`, args, tuning, () => applyText(x, r));
}

/** Rows of y from `v` of each j, added to what is there where the call says so. */
const storeLanes = (js: readonly number[]): string => `
  ${js.map((j) => `let at${j} = J.y + m${j} * J.yld + J.yo + q * J.yj; var value${j} = v${j};`).join("\n")}
  if (J.acc == 1) { ${js.map((j) => `value${j} += A[at${j}];`).join("\n")} }
  ${js.map((j) => `A[at${j}] = value${j};`).join("\n")}`;

/** Lanes are vec4 or floats, by the pass's A. */
const laneText = (load: Load, isScalar: boolean): string => `
  let lane = J.xo + q * J.xj;
  ${factorsOf(load, "x", "lane")}
  ${eachRow((j) => `let v${j} = ${loadedOf(load, "x", `A[J.x + m${j} * J.xld + lane]`, isScalar)};`, storeLanes)}`;

/** Every second channel, beginning with the first or second of a vec4. */
function everySecondText(load: Load): string {
  const value = (j: number, h: number): string => `
    let w${j}_${h} = ${loadedOf(load, "x", `A[J.x + m${j} * J.xld + lane + ${h}]`).replace(/\bx(scale|shift)\b/g, `x$1${h}`)};`;
  return `
  let lane = J.xo + q * 2;
  ${[0, 1].map((h) => factorsOf(load, "x", `lane + ${h}`).replace(/\bx(scale|shift)\b/g, `x$1${h}`)).join("\n")}
  ${eachRow(
    (j) => `${value(j, 0)} ${value(j, 1)}
    let v${j} = select(vec4f(w${j}_0.xz, w${j}_1.xz), vec4f(w${j}_0.yw, w${j}_1.yw), J.odd == 1);`,
    storeLanes,
  )}`;
}

function channelsPass(args: Channels, tuning: Tuning): Pass {
  const { M, n, xb, xs, yb, ys } = args;
  const load = loadOf(args.xmode, args.xlo, args.xhi);
  const isWholeOut = ys === 1 && yb % 4 === 0 && n % 4 === 0;
  if (isWholeOut && xs === 1 && xb % 4 === 0) {
    return rowsPass(`channels vec4 ${load.key}`, { M, C: n }, tuning, () => laneText(load, false), {
      ints: { xo: xb / 4, xj: 1, yo: yb / 4, yj: 1 },
    });
  }
  if (isWholeOut && xs === 2 && xb % 4 < 2) {
    return rowsPass(`channels second ${load.key}`, { M, C: n }, tuning, () => everySecondText(load), {
      ints: { xo: xb >> 2, odd: xb % 4, yo: yb / 4, yj: 1 },
    });
  }
  // Anything else goes float by float: a vec4 of y may belong to two calls of a group.
  return rowsPass(`channels ${load.key}`, { M, C: 4 * n }, tuning, () => laneText(load, true), {
    arenas: { A: "f32" },
    ints: { xo: xb, xj: xs, yo: yb, yj: ys },
  });
}

const fillText = (value: string): string => eachRow(() => "", (js) => js.map((j) => `A[J.y + m${j} * J.yld + J.begin + q] = ${value};`).join("\n"));

function fillPass({ M, from, n }: Fill, tuning: Tuning): Pass {
  if (from % 4 === 0 && n % 4 === 0) {
    return rowsPass("fill vec4", { M, C: n }, tuning, () => fillText("vec4f(J.value)"), { ints: { begin: from / 4 } });
  }
  return rowsPass("fill", { M, C: 4 * n }, tuning, () => fillText("J.value"), { arenas: { A: "f32" }, ints: { begin: from } });
}

/** Copies and constants. */
export const elementwise: KernelTable = {
  apply: { passes: (args, tuning) => [applyPass(args, tuning)] },
  channels: { passes: (args, tuning) => [channelsPass(args, tuning)] },
  fill: { passes: (args, tuning) => [fillPass(args, tuning)] },
  vectorLoad: {
    passes: ({ n }) => [
      { key: "vectorLoad", arenas: { A: "f32", W: "f32" }, source: () => ({ body: "if (i < J.n) { A[J.y + i] = W[J.w + i]; }" }), groups: groupsFor(n) },
    ],
  },
  vectorGrad: {
    passes: ({ n }) => [
      { key: "vectorGrad", arenas: { A: "f32", G: "f32" }, source: () => ({ body: "if (i < J.n) { G[J.dw + i] += A[J.dy + i]; }" }), groups: groupsFor(n) },
    ],
  },
};
