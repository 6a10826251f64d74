import { describe, expect, it } from "vitest";
import { rootKey } from "@/lib/rng";
import { mean, std } from "@/lib/stats";
import { gateGradient, gumbelGradient, gumbelNoise, hardGumbel, softGumbel } from "./gumbel";
import { exact, readGolden, relativeError, type GoldenTensor } from "./testing/golden";

interface GumbelCase {
  readonly tau: number;
  readonly alpha: GoldenTensor;
  readonly gumbel: GoldenTensor;
  readonly upstream: GoldenTensor;
  readonly probs: GoldenTensor;
  readonly index: GoldenTensor;
  readonly hard: GoldenTensor;
  readonly dalpha: GoldenTensor;
  readonly soft: GoldenTensor;
  readonly soft_dalpha: GoldenTensor;
}

describe.each(readGolden<{ readonly cases: readonly GumbelCase[] }>("gumbel").cases)("τ = $tau", (golden) => {
  const columns = golden.alpha.shape[1] ?? 0;
  const [alpha, noise, upstream] = [exact(golden.alpha.data), exact(golden.gumbel.data), exact(golden.upstream.data)];
  const close = (got: ArrayLike<number>, want: GoldenTensor): void => expect(relativeError(got, want.data)).toBeLessThan(1e-7);

  it("samples hard and passes straight through", () => {
    const sample = hardGumbel(alpha, noise, columns, golden.tau);
    close(sample.probs, golden.probs);
    expect(sample.columns).toEqual(golden.index.data);
    expect(sample.columns.flatMap((best) => Array.from({ length: columns }, (_, k) => Number(k === best)))).toEqual(golden.hard.data);
    close(gumbelGradient(sample.probs, upstream, columns, golden.tau), golden.dalpha);
  });

  it("samples soft", () => {
    const soft = softGumbel(alpha, noise, columns, golden.tau);
    close(soft, golden.soft);
    close(gumbelGradient(soft, upstream, columns, golden.tau), golden.soft_dalpha);
  });

  it("needs only the gates' gradients where one op a row ran", () => {
    const sample = hardGumbel(alpha, noise, columns, golden.tau);
    const gates = sample.columns.map((column, row) => upstream[row * columns + column] ?? NaN);
    const masked = upstream.map((u, i) => (sample.columns[Math.floor(i / columns)] === i % columns ? u : 0));
    expect(gateGradient(sample, gates, columns, golden.tau)).toEqual(gumbelGradient(sample.probs, masked, columns, golden.tau));
  });
});

describe("noise", () => {
  it("is standard Gumbel", () => {
    const noise = gumbelNoise(20_000, rootKey(3).stream());
    // Mean γ = 0.5772, standard deviation π/√6 = 1.2825; their errors at this count are 0.009 and about 0.013.
    expect(mean(noise)).toBeCloseTo(0.5772, 1);
    expect(std(noise)).toBeCloseTo(1.2825, 1);
    expect(gumbelNoise(5, rootKey(3).stream())).toEqual(noise.slice(0, 5));
  });

  it("is drawn again where it is not finite", () => {
    const draws = [0, 0, 0.5];
    const rng = { ...rootKey(1).stream(), next: () => draws.shift() ?? NaN };
    expect([...gumbelNoise(1, rng)]).toEqual([-Math.log(Math.log(2))]);
  });

  it("makes the hard sample follow the softmax", () => {
    const [alpha, rng] = [Float64Array.from([0, 1, 2]), rootKey(11).stream()];
    const counts = [0, 0, 0];
    for (let i = 0; i < 4000; i++) {
      const column = hardGumbel(alpha, gumbelNoise(3, rng), 3, 5).columns[0] ?? 0;
      counts[column] = (counts[column] ?? 0) + 1;
    }
    expect(counts.map((c) => c / 4000)).toEqual([0.09, 0.245, 0.665].map((p) => expect.closeTo(p, 1) as unknown as number));
  });
});
