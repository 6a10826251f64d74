/** WGSL of depthwise convolutions of any size by loops, and of weight gradients by kernel rows (strides). */
import type { Taps } from "./depthwiseText";
import { repeat, sumOf, type Source } from "./kernelDef";
import { loadFactors, loadValue, storeGradients, stores, type Load } from "./load";
import { columns, inputRow, inputStrip, outputRow, outputStrip } from "./strips";
import { storePartial } from "./sums";

export function anyForwardText(pixels: number, load: Load): Source {
  const source = { row: "row", first: "(ox * J.s - J.p + kw * J.d)", step: "J.s", width: "J.W", stride: "J.xld" };
  const body = `
  let c = i % J.channels;
  var rest = i / J.channels;
  ${outputStrip(pixels)}
  ${loadFactors(load, "c")}
  ${repeat(pixels, (j) => `var a${j} = vec4f();`)}
  for (var kh = 0; kh < J.k; kh++) {
    let y = oy * J.s - J.p + kh * J.d;
    if (u32(y) >= u32(J.H)) { continue; }
    let row = J.x + (b * J.H + y) * J.W * J.xld + c;
    for (var kw = 0; kw < J.k; kw++) {
      ${columns("v", pixels, source, (v) => loadValue(load, v))}
      let w = W[J.w + (kh * J.k + kw) * J.channels + c];
      ${repeat(pixels, (j) => `a${j} += v${j} * w;`)}
    }
  }
  ${stores({ at: "J.y", ld: "J.yld" }, Array.from({ length: pixels }, (_, j) => ({ value: `a${j}`, row: outputRow(j), q: "c" })))}`;
  return { body };
}

export function anyGradInputText(pixels: number): Source {
  const source = { row: "row", first: "(start + u)", width: "J.Wo", stride: "J.dyld" };
  const body = `
  let c = i % J.channels;
  var rest = i / J.channels;
  ${inputStrip(pixels)}
  ${repeat(pixels, (j) => `var a${j} = vec4f();`)}
  for (var kh = 0; kh < J.k; kh++) {
    let above = iy + J.p - kh * J.d;
    let y = above / J.s;
    if (above < 0 || y * J.s != above || y >= J.Ho) { continue; }
    let row = J.dy + (b * J.Ho + y) * J.Wo * J.dyld + c;
    for (var kw = 0; kw < J.k; kw++) {
      let ahead = phase + J.p - kw * J.d;
      let start = ahead / J.s;
      if (start * J.s != ahead) { continue; }
      ${columns("v", pixels, source, (v) => v)}
      let w = W[J.w + (kh * J.k + kw) * J.channels + c];
      ${repeat(pixels, (j) => `a${j} += v${j} * w;`)}
    }
  }
  ${storeGradients(Array.from({ length: pixels }, (_, j) => ({ value: `a${j}`, row: inputRow(j), q: "c" })))}`;
  return { body };
}

/** Weight gradient of one kernel row of `taps`, or of one tap where they are not given, over a piece of all rows; `step` pixels at a time. */
export function rowGradWeightText(taps: Taps | null, step: number, load: Load, isDirect: boolean): Source {
  const across = taps?.k ?? 1;
  const inputs =
    taps === null
      ? columns("v", step, { row: "row", first: "(ox * J.s - J.p + kw * J.d)", step: "J.s", width: "J.W", stride: "J.xld" }, (v) => loadValue(load, v))
      : columns("v", (step - 1) * taps.s + (taps.k - 1) * taps.d + 1, { row: "row", first: `(ox * ${taps.s} - J.p)`, width: "J.W", stride: "J.xld" }, (v) => loadValue(load, v));
  const body = `
  let c = i % J.channels;
  var rest = i / J.channels;
  ${taps === null ? "let kw = rest % J.k; rest = rest / J.k;" : "let kw = 0;"}
  let kh = rest % J.k;
  let chunk = rest / J.k;
  if (chunk >= J.chunks) { return; }
  ${loadFactors(load, "c")}
  ${repeat(across, (a) => `var a${a} = vec4f();`)}
  let end = min((chunk + 1) * J.rows, J.B * J.Ho);
  for (var line = chunk * J.rows; line < end; line++) {
    let b = line / J.Ho;
    let y = (line % J.Ho) * J.s - J.p + kh * J.d;
    if (u32(y) >= u32(J.H)) { continue; }
    let row = J.x + (b * J.H + y) * J.W * J.xld + c;
    let drow = J.dy + line * J.Wo * J.dyld + c;
    for (var ox = 0; ox < J.Wo; ox += ${step}) {
      ${columns("d", step, { row: "drow", first: "ox", width: "J.Wo", stride: "J.dyld" }, (v) => v)}
      ${inputs}
      ${repeat(across, (kw) => `a${kw} += ${sumOf(step, (t) => `v${taps === null ? t : t * taps.s + kw * taps.d} * d${t}`)};`)}
    }
  }
  let at = (kh * J.k + kw) * J.channels + c;
  ${repeat(across, (a) => storePartial(isDirect, `at + ${a} * J.channels`, `a${a}`))}`;
  return { body };
}
