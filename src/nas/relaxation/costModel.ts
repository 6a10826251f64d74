/**
 * What a stochastic supernet expects to cost: a sum of products of expectations. Every decision row has a distribution p (Gumbel-softmax weights);
 * a form is Σ p_i·values_i over one row (an expected latency, an effective width, an effective side), a term is times·Π forms. FBNetV1's latency has
 * a term a layer (arXiv 1812.03443 eq. 7 and 8); FBNetV2's effective MACs are products of four and more (arXiv 2004.05565 section 3.3). A form may
 * stand twice in a term: a square. Double precision; a handful of numbers, on the host.
 */

/** Σ p_i·values_i over the options of one row. */
export interface CostForm {
  readonly row: number;
  readonly values: readonly number[];
}

/** times·Π of the forms with these indices. */
export interface CostTerm {
  readonly times: number;
  readonly forms: readonly number[];
}

export interface CostModel {
  /** Options of every row. */
  readonly rows: readonly number[];
  readonly forms: readonly CostForm[];
  readonly terms: readonly CostTerm[];
}

/** Cost of distributions, and its gradient with respect to every weight. */
export interface ExpectedCost {
  readonly total: number;
  /** By term. */
  readonly terms: readonly number[];
  /** By row: ∂total/∂p. */
  readonly gradient: readonly Float64Array[];
}

/** The expectation as it stands; distributions need not sum to one. */
export function expectedCost({ rows, forms, terms }: CostModel, weights: readonly ArrayLike<number>[]): ExpectedCost {
  const values = forms.map(({ row, values: at }) => at.reduce((sum, value, i) => sum + value * (weights[row]?.[i] ?? Number.NaN), 0));
  const slopes = new Float64Array(forms.length);
  const costs = terms.map(({ times, forms: factors }) => {
    factors.forEach((form, k) => {
      slopes[form] = (slopes[form] ?? 0) + factors.reduce((product, other, j) => (j === k ? product : product * (values[other] ?? Number.NaN)), times);
    });
    return factors.reduce((product, form) => product * (values[form] ?? Number.NaN), times);
  });
  const gradient = rows.map((options) => new Float64Array(options));
  forms.forEach(({ row, values: at }, f) => {
    const out = gradient[row];
    if (out) at.forEach((value, i) => (out[i] = (out[i] ?? 0) + (slopes[f] ?? 0) * value));
  });
  return { total: costs.reduce((a, b) => a + b, 0), terms: costs, gradient };
}
