/** What is under the pointer, in words beside it; the table and the arrow keys say the same. */
import type { Size } from "./layout";
import styles from "./theta.module.css";

export interface TipProps {
  readonly x: number;
  readonly y: number;
  readonly within: Size;
  readonly lines: readonly string[];
}

export function Tip({ x, y, within: { width, height }, lines }: TipProps) {
  if (lines.length === 0) return null;
  const across = x > width / 2 ? { right: width - x + 12 } : { left: x + 12 };
  const down = y > height / 2 ? { bottom: height - y + 8 } : { top: y + 8 };
  return (
    <p className={styles["tip"]} style={{ ...across, ...down }} aria-hidden="true">
      {lines.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </p>
  );
}
