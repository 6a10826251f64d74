/** Predicted against true accuracy: where the points, the table's own distribution and the gauge's ticks stand. Pure geometry. */
import { bin, scaleLinear } from "d3";
import { quantile } from "@/lib/stats";
import { accuracyDomain, type Box, type Tick } from "./layout";
import { ceilingTau, type TruthModel, type TruthPoint } from "./truth";

export interface TruthSpot extends TruthPoint {
  readonly x: number;
  readonly y: number;
}

export interface TruthLayout {
  readonly width: number;
  readonly height: number;
  readonly plot: Box;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly spots: readonly TruthSpot[];
  /** Histogram of all true accuracies, lying along the y axis. */
  readonly background: readonly { readonly y: number; readonly height: number; readonly width: number }[];
}

export interface GaugeTick {
  readonly id: "flops" | "layers" | "ceiling";
  readonly letter: string;
  readonly tau: number;
  /** 0–1 along the gauge; null when there is no value. */
  readonly at: number | null;
}

const margin = { left: 40, right: 12, top: 10, bottom: 32 };

/** Position on a gauge that shows 0–1; worse than chance stays at the left end. */
export function gaugePosition(tau: number): number | null {
  return Number.isFinite(tau) ? Math.min(1, Math.max(0, tau)) : null;
}

export function gaugeTicks(model: TruthModel): GaugeTick[] {
  const made = (id: GaugeTick["id"], letter: string, tau: number): GaugeTick => ({
    id,
    letter,
    tau,
    at: gaugePosition(tau),
  });
  return [made("flops", "F", model.flopsTau), made("layers", "L", model.layersTau), made("ceiling", "C", ceilingTau)];
}

export function layoutTruth(model: TruthModel, size: { readonly width: number; readonly height: number }): TruthLayout {
  const plot = {
    x: margin.left,
    y: margin.top,
    width: Math.max(0, size.width - margin.left - margin.right),
    height: Math.max(0, size.height - margin.top - margin.bottom),
  };
  const x = scaleLinear(accuracyDomain(model.points.map((p) => p.predicted)), [plot.x, plot.x + plot.width]);
  const truths = model.points.map((p) => p.true);
  const all = Array.from(model.all);
  const low = Math.min(quantile(all, 0.02), ...truths);
  const high = Math.max(...all, ...truths);
  const y = scaleLinear([low, high + (high - low) * 0.06], [plot.y + plot.height, plot.y]);
  const bins = bin()
    .domain([low, high])
    .thresholds(Math.max(4, Math.floor(plot.height / 6)))(all.filter((v) => v >= low));
  const fullest = Math.max(1, ...bins.map((b) => b.length));
  const percent = (value: number): string => String(Math.round(1000 * value) / 10);
  return {
    ...size,
    plot,
    xTicks: x.ticks(Math.max(2, Math.floor(plot.width / 80))).map((at) => ({ at: x(at), label: percent(at) })),
    yTicks: y.ticks(Math.max(2, Math.floor(plot.height / 40))).map((at) => ({ at: y(at), label: percent(at) })),
    spots: model.points.map((p) => ({ ...p, x: x(p.predicted), y: y(p.true) })),
    background: bins.map((b) => {
      const [top, bottom] = [y(b.x1 ?? high), y(b.x0 ?? low)];
      return { y: top, height: Math.max(0, bottom - top - 1), width: (b.length / fullest) * plot.width * 0.18 };
    }),
  };
}
