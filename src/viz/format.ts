/**
 * Numbers as the reader sees them, in one place: accuracy with its doubt, costs, times, sizes.
 * Percent exists only here; everywhere else an accuracy is a fraction.
 */

const NBSP = "\u00a0";
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,240`. */
export function countText(value: number): string {
  return Number.isFinite(value) ? grouped.format(value) : "–";
}

/** Half-width of the 95 % normal interval of a share; with no images it is the whole range. */
export function accuracyMargin(value: number, n: number): number {
  return n > 0 ? 1.96 * Math.sqrt((value * (1 - value)) / n) : 1;
}

/** `89.2 %`, for places that show the sample size beside it. */
export function percentText(value: number, digits = 1): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(digits)}${NBSP}%` : "–";
}

/** `89.2 ± 1.9 % (n=1,000)`: an accuracy never travels without its sample size. */
export function accuracyText(value: number, n: number): string {
  if (!Number.isFinite(value) || n <= 0) return "–";
  return `${(100 * value).toFixed(1)} ± ${(100 * accuracyMargin(value, n)).toFixed(1)}${NBSP}% (n=${countText(n)})`;
}

function scaled(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const [unit, size] =
    value >= 999.5e6
      ? (["G", 1e9] as const)
      : value >= 999.5e3
        ? (["M", 1e6] as const)
        : value >= 1e3
          ? (["k", 1e3] as const)
          : (["", 1] as const);
  if (unit === "") return countText(value);
  const number = value / size;
  return `${number.toFixed(number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2)}${NBSP}${unit}`;
}

/** Multiply–adds with three digits: `4.60 M`, `41.3 M`, `316 M`. */
export function macsText(macs: number): string {
  return scaled(macs);
}

/** Parameters, written like MACs: `149 k`, `3.35 M`. */
export function paramsText(params: number): string {
  return scaled(params);
}

/** Milliseconds: `0.84 ms`, `12.4 ms`, `840 ms`, and from one second `1.24 s`. */
export function msText(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms >= 999.5) return `${(ms / 1000).toFixed(ms >= 9995 ? 1 : 2)}${NBSP}s`;
  return `${ms.toFixed(ms >= 99.95 ? 0 : ms >= 9.995 ? 1 : 2)}${NBSP}ms`;
}

/** A span of time to plan by: `12 s`, `2 min`, `1 h 20 min`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}${NBSP}s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes}${NBSP}min`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours}${NBSP}h` : `${hours}${NBSP}h ${minutes % 60}${NBSP}min`;
}

/** Bytes in powers of 1000: `412 MB`. */
export function bytesText(bytes: number): string {
  if (!Number.isFinite(bytes)) return "–";
  if (bytes < 999.5) return `${Math.round(bytes)}${NBSP}B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value >= 9.95 ? 0 : 1)}${NBSP}${units[unit]}`;
}
