/** WGSL of the kernels whose stock versions are wrong or crawl: convolutions with gradients, and batch norm. */
import type { Shader } from "./program";

const window = ["gh", "gw", "gc", "goh", "gow", "gk", "gs", "gp", "gd"] as const;

/** Splits a flat index over an output map [b, oh, ow, channels] into channel `c`, `ox`, `oy`, `b`. */
const splitOutput = (channels: string): string => `
  let c = i % uniforms.${channels};
  var rest = i / uniforms.${channels};
  let ox = rest % uniforms.gow; rest = rest / uniforms.gow;
  let oy = rest % uniforms.goh;
  let b = rest / uniforms.goh;`;

const splitInput = `
  let c = i % uniforms.gc;
  var rest = i / uniforms.gc;
  let ix = rest % uniforms.gw; rest = rest / uniforms.gw;
  let iy = rest % uniforms.gh;
  let b = rest / uniforms.gh;`;

/** Loops over the taps of an output pixel that lie inside the map; xi = offset of the input pixel. */
const overTaps = (inner: string): string => `
  for (var kh = 0; kh < uniforms.gk; kh++) {
    let iy = oy * uniforms.gs + kh * uniforms.gd - uniforms.gp;
    if (iy < 0 || iy >= uniforms.gh) { continue; }
    for (var kw = 0; kw < uniforms.gk; kw++) {
      let ix = ox * uniforms.gs + kw * uniforms.gd - uniforms.gp;
      if (ix < 0 || ix >= uniforms.gw) { continue; }
      let xi = ((b * uniforms.gh + iy) * uniforms.gw + ix) * uniforms.gc;
      let tap = kh * uniforms.gk + kw;
      ${inner}
    }
  }`;

/** Loops over the output pixels that an input pixel takes part in; yi = index of the output pixel. */
const overOutputs = (inner: string): string => `
  for (var kh = 0; kh < uniforms.gk; kh++) {
    let ty = iy + uniforms.gp - kh * uniforms.gd;
    if (ty < 0 || ty % uniforms.gs != 0 || ty / uniforms.gs >= uniforms.goh) { continue; }
    for (var kw = 0; kw < uniforms.gk; kw++) {
      let tx = ix + uniforms.gp - kw * uniforms.gd;
      if (tx < 0 || tx % uniforms.gs != 0 || tx / uniforms.gs >= uniforms.gow) { continue; }
      let yi = (b * uniforms.goh + ty / uniforms.gs) * uniforms.gow + tx / uniforms.gs;
      let tap = kh * uniforms.gk + kw;
      ${inner}
    }
  }`;

/** A filter tap's share of one chunk of output rows: pixel pairs (xi of the input, yi of the output). */
const overRows = (inner: string): string => `
  let r0 = chunk * uniforms.chunkRows;
  let r1 = min(r0 + uniforms.chunkRows, uniforms.rows);
  for (var r = r0; r < r1; r++) {
    let b = r / uniforms.goh;
    let oy = r % uniforms.goh;
    let iy = oy * uniforms.gs + kh * uniforms.gd - uniforms.gp;
    if (iy < 0 || iy >= uniforms.gh) { continue; }
    for (var ox = 0; ox < uniforms.gow; ox++) {
      let ix = ox * uniforms.gs + kw * uniforms.gd - uniforms.gp;
      if (ix < 0 || ix >= uniforms.gw) { continue; }
      let xi = (b * uniforms.gh + iy) * uniforms.gw + ix;
      let yi = r * uniforms.gow + ox;
      ${inner}
    }
  }`;

export const convShader: Shader = {
  key: "conv", inputs: ["xIn", "fIn"], ints: [...window, "cout"],
  body: `${splitOutput("cout")}
  var out = 0.0;
  ${overTaps(`let fi = tap * uniforms.gc * uniforms.cout + c;
      for (var k = 0; k < uniforms.gc; k++) { out += xIn[xi + k] * fIn[fi + k * uniforms.cout]; }`)}`,
}; // prettier-ignore

export const convInputGradShader: Shader = {
  key: "convInputGrad", inputs: ["dyIn", "fIn"], ints: [...window, "cout"],
  body: `${splitInput}
  var out = 0.0;
  ${overOutputs(`let fi = (tap * uniforms.gc + c) * uniforms.cout;
      for (var k = 0; k < uniforms.cout; k++) { out += dyIn[yi * uniforms.cout + k] * fIn[fi + k]; }`)}`,
}; // prettier-ignore

/** Partials [chunks, k·k·cin·cout]. */
export const convFilterGradShader: Shader = {
  key: "convFilterGrad", inputs: ["xIn", "dyIn"], ints: [...window, "cout", "rows", "chunkRows"],
  body: `
  let co = i % uniforms.cout;
  var rest = i / uniforms.cout;
  let ci = rest % uniforms.gc; rest = rest / uniforms.gc;
  let kw = rest % uniforms.gk; rest = rest / uniforms.gk;
  let kh = rest % uniforms.gk;
  let chunk = rest / uniforms.gk;
  var out = 0.0;
  ${overRows("out += xIn[xi * uniforms.gc + ci] * dyIn[yi * uniforms.cout + co];")}`,
}; // prettier-ignore

export const depthwiseShader: Shader = {
  key: "depthwise", inputs: ["xIn", "fIn"], ints: [...window],
  body: `${splitOutput("gc")}
  var out = 0.0;
  ${overTaps("out += xIn[xi + c] * fIn[tap * uniforms.gc + c];")}`,
}; // prettier-ignore

export const depthwiseInputGradShader: Shader = {
  key: "depthwiseInputGrad", inputs: ["dyIn", "fIn"], ints: [...window],
  body: `${splitInput}
  var out = 0.0;
  ${overOutputs("out += dyIn[yi * uniforms.gc + c] * fIn[tap * uniforms.gc + c];")}`,
}; // prettier-ignore

/** Partials [chunks, k·k·c]. */
export const depthwiseFilterGradShader: Shader = {
  key: "depthwiseFilterGrad", inputs: ["xIn", "dyIn"], ints: [...window, "rows", "chunkRows"],
  body: `
  let c = i % uniforms.gc;
  var rest = i / uniforms.gc;
  let kw = rest % uniforms.gk; rest = rest / uniforms.gk;
  let kh = rest % uniforms.gk;
  let chunk = rest / uniforms.gk;
  var out = 0.0;
  ${overRows("out += xIn[xi * uniforms.gc + c] * dyIn[yi * uniforms.gc + c];")}`,
}; // prettier-ignore

/** scale · Σ over chunks of partials [chunks, width], columns offset … offset + size − 1. */
export const sumChunksShader: Shader = {
  key: "sumChunks", inputs: ["partials"], ints: ["chunks", "width", "offset"], floats: ["scale"],
  body: `
  var out = 0.0;
  for (var k = 0; k < uniforms.chunks; k++) { out += partials[k * uniforms.width + uniforms.offset + i]; }
  out = out * uniforms.scale;`,
}; // prettier-ignore

const chunkOfRows = `
  let r0 = chunk * uniforms.chunkRows;
  let r1 = min(r0 + uniforms.chunkRows, uniforms.rows);`;

/** Partial sums of x [rows, c] per channel. */
export const columnSumShader: Shader = {
  key: "columnSum", inputs: ["xIn"], ints: ["gc", "rows", "chunkRows"],
  body: `
  let c = i % uniforms.gc;
  let chunk = i / uniforms.gc;
  ${chunkOfRows}
  var out = 0.0;
  for (var r = r0; r < r1; r++) { out += xIn[r * uniforms.gc + c]; }`,
}; // prettier-ignore

/** Partial sums of (x − mean)². */
export const squareSumShader: Shader = {
  key: "squareSum", inputs: ["xIn", "meanIn"], ints: ["gc", "rows", "chunkRows"],
  body: `
  let c = i % uniforms.gc;
  let chunk = i / uniforms.gc;
  ${chunkOfRows}
  let mu = meanIn[c];
  var out = 0.0;
  for (var r = r0; r < r1; r++) { let e = xIn[r * uniforms.gc + c] - mu; out += e * e; }`,
}; // prettier-ignore

/** The fused activation by its number: 0 none, −1 ReLU, > 0 clipped at it. */
const activation = `
  fn activate(z : f32) -> f32 {
    if (uniforms.cap == 0.0) { return z; }
    let low = max(z, 0.0);
    return select(low, min(low, uniforms.cap), uniforms.cap > 0.0);
  }
  fn isOpen(z : f32) -> bool {
    return uniforms.cap == 0.0 || (z > 0.0 && (uniforms.cap < 0.0 || z < uniforms.cap));
  }`;

export const normaliseShader: Shader = {
  key: "normalise", inputs: ["xIn", "meanIn", "varIn", "gammaIn", "betaIn"], ints: ["gc"], floats: ["eps", "cap"], helpers: activation,
  body: `
  let c = i % uniforms.gc;
  let scale = gammaIn[c] / sqrt(varIn[c] + uniforms.eps);
  let out = activate((xIn[i] - meanIn[c]) * scale + betaIn[c]);`,
}; // prettier-ignore

/** Partials [chunks, 2·c]: Σ g, then Σ g·x̂, g = dy where the activation is open. */
export const normGradSumShader: Shader = {
  key: "normGradSum", inputs: ["dyIn", "xIn", "meanIn", "varIn", "gammaIn", "betaIn"], ints: ["gc", "rows", "chunkRows"], floats: ["eps", "cap"],
  helpers: activation,
  body: `
  let column = i % (2 * uniforms.gc);
  let chunk = i / (2 * uniforms.gc);
  let c = column % uniforms.gc;
  ${chunkOfRows}
  let rstd = 1.0 / sqrt(varIn[c] + uniforms.eps);
  let scale = gammaIn[c] / sqrt(varIn[c] + uniforms.eps);
  var out = 0.0;
  for (var r = r0; r < r1; r++) {
    let e = xIn[r * uniforms.gc + c] - meanIn[c];
    if (!isOpen(e * scale + betaIn[c])) { continue; }
    let dy = dyIn[r * uniforms.gc + c];
    out += select(dy, dy * e * rstd, column >= uniforms.gc);
  }`,
}; // prettier-ignore

/** dx; sumsIn = [dbeta, dgamma] of length 2·c. Seven inputs and the output: the default limit of storage buffers exactly. */
export const normGradShader: Shader = {
  key: "normGrad", inputs: ["dyIn", "xIn", "meanIn", "varIn", "gammaIn", "betaIn", "sumsIn"], ints: ["gc", "rows"], floats: ["eps", "cap"],
  helpers: activation,
  body: `
  let c = i % uniforms.gc;
  let rstd = 1.0 / sqrt(varIn[c] + uniforms.eps);
  let scale = gammaIn[c] / sqrt(varIn[c] + uniforms.eps);
  let e = xIn[i] - meanIn[c];
  let g = select(0.0, dyIn[i], isOpen(e * scale + betaIn[c]));
  let n = f32(uniforms.rows);
  let out = scale * (g - sumsIn[c] / n - e * rstd * sumsIn[uniforms.gc + c] / n);`,
}; // prettier-ignore
