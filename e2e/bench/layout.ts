/** Between the graph's layouts (NHWC, HWIO) and those of jax-js and PyTorch (NCHW, OIHW). */

/** Moves axis `perm[i]` of an array to place i. */
export function transpose(values: Float32Array, shape: readonly number[], perm: readonly number[]): Float32Array {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, n) => a * n, 1));
  const [n0, n1, n2, n3] = perm.map((axis) => shape[axis] ?? 1) as [number, number, number, number];
  const [s0, s1, s2, s3] = perm.map((axis) => strides[axis] ?? 0) as [number, number, number, number];
  const out = new Float32Array(values.length);
  let to = 0;
  for (let a = 0; a < n0; a++)
    for (let b = 0; b < n1; b++)
      for (let c = 0; c < n2; c++)
        for (let d = 0; d < n3; d++) out[to++] = values[a * s0 + b * s1 + c * s2 + d * s3] as number;
  return out;
}

export interface Laid {
  readonly values: Float32Array;
  readonly shape: number[];
}

/** [b, h, w, c] → [b, c, h, w]; vectors stay. */
export function mapsFirst(values: Float32Array, shape: readonly number[]): Laid {
  if (shape.length !== 4) return { values, shape: [...shape] };
  const [b = 0, h = 0, w = 0, c = 0] = shape;
  return { values: transpose(values, shape, [0, 3, 1, 2]), shape: [b, c, h, w] };
}

/** The way back; `shape` is the graph's. */
export function mapsLast(values: Float32Array, shape: readonly number[]): Float32Array {
  if (shape.length !== 4) return values;
  const [b = 0, h = 0, w = 0, c = 0] = shape;
  return transpose(values, [b, c, h, w], [0, 2, 3, 1]);
}

/** [k, k, in, out] → [out, in, k, k], and depthwise [k, k, c, 1] → [c, 1, k, k]; others stay. */
export function filterFirst(values: Float32Array, shape: readonly number[], role: string): Laid {
  const [kh = 0, kw = 0, i = 0, o = 0] = shape;
  if (role === "conv") return { values: transpose(values, shape, [3, 2, 0, 1]), shape: [o, i, kh, kw] };
  if (role === "depthwise") return { values: transpose(values, shape, [2, 3, 0, 1]), shape: [i, o, kh, kw] };
  return { values, shape: [...shape] };
}

/** The way back; `shape` is the graph's. */
export function filterLast(values: Float32Array, shape: readonly number[], role: string): Float32Array {
  const [kh = 0, kw = 0, i = 0, o = 0] = shape;
  if (role === "conv") return transpose(values, [o, i, kh, kw], [2, 3, 1, 0]);
  if (role === "depthwise") return transpose(values, [i, o, kh, kw], [2, 3, 0, 1]);
  return values;
}
