/** Patches of a map as rows, and back: with a product between them a convolution of any rectangle. */
import type { Call } from "../../isa/isa";
import type { KernelTable, Pass, Tuning } from "./kernelDef";
import { eachRow, rowsPass, storeRows, storeRowsInto } from "./rows";

type Unfold = Call<"unfold">["args"];
type UnfoldGrad = Call<"unfoldGrad">["args"];

/** A thread has 4 channels of one tap; its rows differ in the pixel alone. */
const unfoldText = (): string => `
  let c = q % J.channels;
  let tap = q / J.channels;
  let down = tap / J.kw - J.ph;
  let right = tap % J.kw - J.pw;
  ${eachRow(
    (j) => `
    let line${j} = m${j} / J.Wo;
    let y${j} = line${j} % J.Ho * J.sh + down;
    let x${j} = m${j} % J.Wo * J.sw + right;
    let isInside${j} = u32(y${j}) < u32(J.H) && u32(x${j}) < u32(J.W);
    let from${j} = (line${j} / J.Ho * J.H + clamp(y${j}, 0, J.H - 1)) * J.W + clamp(x${j}, 0, J.W - 1);
    let v${j} = select(vec4f(), A[J.x + from${j} * J.xld + c], isInside${j});`,
    storeRows((j) => `v${j}`),
  )}`;

/** Patches on an axis that have the pixel at `at` (with the padding): a range of their numbers. */
const patchesOf = (at: string, k: string, s: string, count: string): { readonly from: string; readonly to: string } => ({
  from: `max(0, (${at} - ${k} + ${s}) / ${s})`,
  to: `min(${count}, ${at} / ${s} + 1)`,
});

/** A thread gathers 4 channels of a pixel from all patches that it lies in, so that nobody writes what another thread writes. */
function unfoldGradText(): string {
  const down = patchesOf("down", "J.kh", "J.sh", "J.Ho");
  const right = patchesOf("right", "J.kw", "J.sw", "J.Wo");
  const gather = `
    let right = m0 % J.W + J.pw;
    let down = m0 / J.W % J.H + J.ph;
    let image = m0 / J.W / J.H * J.Ho;
    var sum0 = vec4f();
    for (var y = ${down.from}; y < ${down.to}; y++) {
      for (var x = ${right.from}; x < ${right.to}; x++) {
        let tap = (down - y * J.sh) * J.kw + right - x * J.sw;
        sum0 += A[J.dy + ((image + y) * J.Wo + x) * J.dyld + tap * J.vectors + q];
      }
    }`;
  return eachRow(() => gather, storeRowsInto((j) => `sum${j}`), 1);
}

function unfoldPass(args: Unfold, tuning: Tuning): Pass {
  const { B, Ho, Wo, kh, kw, C } = args;
  const M = B * Ho * Wo;
  return rowsPass("unfold", { M, C: kh * kw * C }, tuning, unfoldText, { ints: { M, channels: C / 4 } });
}

function unfoldGradPass(args: UnfoldGrad, tuning: Tuning): Pass {
  const { B, H, W, C } = args;
  const M = B * H * W;
  return rowsPass("unfoldGrad", { M, C }, tuning, unfoldGradText, { ints: { M } }, 1);
}

/** Patches as rows and their transpose. */
export const patches: KernelTable = {
  unfold: { passes: (args, tuning) => [unfoldPass(args, tuning)] },
  unfoldGrad: { passes: (args, tuning) => [unfoldGradPass(args, tuning)] },
};
