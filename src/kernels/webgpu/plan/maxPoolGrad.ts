/**
 * WGSL of the max pool's gradient. A pixel takes the gradient of a window when it is the first maximum there: above everything before it, in
 * row-major order, and not below anything after it. Nothing is stored by the forward pass.
 */
import { repeat, type Source } from "./kernelDef";
import type { Target } from "./load";
import { storeInto } from "./rows";
import { inputStrip } from "./strips";

/** Where the gradients of a strip of pixels from u on in row iy go. */
export const stripGradients = (pixels: number, value: (j: number) => string): Target[] =>
  Array.from({ length: pixels }, (_, j) => ({ value: value(j), row: `(b * J.H + iy) * J.W + min(u + ${j}, J.W - 1)`, q: "c" }));

/** One input pixel (declared by `place` as ix, iy, b, c); any size. */
export const maxGradAnyText = (place: string): Source => ({
  body: `${place}
  let v = A[J.x + ((b * J.H + iy) * J.W + ix) * J.xld + c];
  var a = vec4f();
  for (var oy = max(0, (iy + J.p - J.k + J.s) / J.s); oy < min(J.Ho, (iy + J.p) / J.s + 1); oy++) {
    for (var ox = max(0, (ix + J.p - J.k + J.s) / J.s); ox < min(J.Wo, (ix + J.p) / J.s + 1); ox++) {
      var isFirst = vec4<bool>(true);
      for (var y = max(0, oy * J.s - J.p); y < min(J.H, oy * J.s - J.p + J.k); y++) {
        for (var x = max(0, ox * J.s - J.p); x < min(J.W, ox * J.s - J.p + J.k); x++) {
          let other = A[J.x + ((b * J.H + y) * J.W + x) * J.xld + c];
          isFirst = isFirst & select(v >= other, v > other, y < iy || (y == iy && x < ix));
        }
      }
      a += select(vec4f(), A[J.dy + ((b * J.Ho + oy) * J.Wo + ox) * J.dyld + c], isFirst);
    }
  }
  ${storeInto([{ value: "a", row: "(b * J.H + iy) * J.W + ix", q: "c" }])}`,
});

/**
 * A strip of input pixels under a 3 × 3 window of stride 1. Windows are named by the column s where they begin, from 2 left of the strip on, and by how
 * far above the strip's row they begin. Row maxima of three columns serve all windows that contain them.
 */
export function maxGradStripText(pixels: number): Source {
  const [cells, starts] = [pixels + 4, pixels + 2];
  const row = (name: string, dy: number): string => `
  let ${name}At = J.x + (b * J.H + clamp(iy + ${dy}, 0, J.H - 1)) * J.W * J.xld + c;
  let ${name}Is = iy + ${dy} >= 0 && iy + ${dy} < J.H;
  ${repeat(cells, (j) => `let ${name}${j} = select(least, A[${name}At + clamp(u + ${j - 2}, 0, J.W - 1) * J.xld], ${name}Is && u + ${j - 2} >= 0 && u + ${j - 2} < J.W);`)}`;
  const rowMaxima = (name: string): string => `
  ${repeat(cells - 1, (j) => `let ${name}p${j} = larger(${name}${j}, ${name}${j + 1});`)}
  ${repeat(starts, (s) => `let ${name}m${s} = larger(${name}p${s}, ${name}${s + 2});`)}`;
  // Windows by the row in which they begin: what lies above and below the strip's row in them.
  const windows = [
    { top: -2, above: (s: number) => `larger(rAm${s}, rBm${s})`, below: null },
    { top: -1, above: (s: number) => `rBm${s}`, below: (s: number) => `rCm${s}` },
    { top: 0, above: null, below: (s: number) => `larger(rCm${s}, rDm${s})` },
  ];
  // Own row of the pixel at cell j + 2, in the window that begins at cell s: cells before it and after it.
  const ownRow = (j: number, s: number): string => {
    const [before, after] = [[...Array(j + 2 - s).keys()].map((t) => `own${s + t}`), [...Array(s - j).keys()].map((t) => `own${j + 3 + t}`)];
    return [...before.map((cell) => `own${j + 2} > ${cell}`), ...after.map((cell) => `own${j + 2} >= ${cell}`)].map((c) => `(${c})`).join(" & ");
  };
  const body = `
  let c = i % J.channels;
  var rest = i / J.channels;
  ${inputStrip(pixels)}
  let least = vec4f(-3.4028234e38);
  ${row("rA", -2)} ${row("rB", -1)} ${row("own", 0)} ${row("rC", 1)} ${row("rD", 2)}
  ${["rA", "rB", "rC", "rD"].map(rowMaxima).join("")}
  ${repeat(pixels, (j) => `var a${j} = vec4f();`)}
  ${repeat(pixels, (j) => repeat(3, (t) => `let first${j}_${j + t} = ${ownRow(j, j + t)};`))}
  ${windows
    .map(({ top, above, below }) => `{
    let oy = iy + J.p + ${top};
    if (oy >= 0 && oy < J.Ho) {
      let at = J.dy + (b * J.Ho + oy) * J.Wo * J.dyld + c;
      ${repeat(starts, (s) => `
      let x${s} = u + J.p + ${s - 2};
      let d${s} = select(vec4f(), A[at + clamp(x${s}, 0, J.Wo - 1) * J.dyld], x${s} >= 0 && x${s} < J.Wo);
      ${above === null ? "" : `let above${s} = ${above(s)};`}
      ${below === null ? "" : `let below${s} = ${below(s)};`}`)}
      ${repeat(pixels, (j) => `a${j} += ${[j, j + 1, j + 2]
        .map((s) => {
          const tests = [`first${j}_${s}`, ...(above ? [`(own${j + 2} > above${s})`] : []), ...(below ? [`(own${j + 2} >= below${s})`] : [])];
          return `select(vec4f(), d${s}, ${tests.join(" & ")})`;
        })
        .join(" + ")};`)}
    }
  }`)
    .join("\n")}
  ${storeInto(stripGradients(pixels, (j) => `a${j}`))}`;
  return { helpers: "fn larger(a: vec4f, b: vec4f) -> vec4f { return select(a, b, b > a); }", body };
}
