/** Matrices of architecture weights row by row: rows × columns numbers, row-major. */

/** Softmax of every row, in double precision. */
export function softmaxRows(values: ArrayLike<number>, columns: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let begin = 0; begin < values.length; begin += columns) {
    let most = -Infinity;
    for (let k = begin; k < begin + columns; k++) most = Math.max(most, values[k] ?? NaN);
    let sum = 0;
    for (let k = begin; k < begin + columns; k++) sum += out[k] = Math.exp((values[k] ?? NaN) - most);
    for (let k = begin; k < begin + columns; k++) out[k] = (out[k] ?? NaN) / sum;
  }
  return out;
}

/** Column of the largest number of every row, the first of equals. */
export function argmaxRows(values: ArrayLike<number>, columns: number): number[] {
  return Array.from({ length: Math.floor(values.length / columns) }, (_, row) => {
    let best = 0;
    for (let k = 1; k < columns; k++) if ((values[row * columns + k] ?? NaN) > (values[row * columns + best] ?? NaN)) best = k;
    return best;
  });
}
