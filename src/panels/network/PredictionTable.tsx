/** Ten bars a set of weights: a native table whose cells have the bar behind the number. */
import { text } from "@/viz/copy";
import { percentText } from "@/viz/format";
import styles from "./liveTest.module.css";
import type { PredictionRow, Predictions } from "./predictions";

const words = text.network.test;

function Cell({ value, top }: { readonly value: number | null; readonly top: boolean }) {
  return (
    <td data-top={top}>
      <span className={styles["share"]} style={{ width: `calc((100% - 48px) * ${value ?? 0})` }} aria-hidden="true" />
      <span className={styles["number"]}>{value === null ? words.missing : percentText(value, 0)}</span>
    </td>
  );
}

function Row({ row, predictions }: { readonly row: PredictionRow; readonly predictions: Predictions }) {
  const { top } = predictions;
  return (
    <tr>
      <th scope="row" data-label={row.isLabel}>
        {row.name}
        {row.isLabel && <span aria-label={words.label(row.name)}> ✓</span>}
      </th>
      <Cell value={row.inherited} top={top.inherited === row.classId} />
      <Cell value={row.retrained} top={top.retrained === row.classId} />
    </tr>
  );
}

export function PredictionTable({ predictions }: { readonly predictions: Predictions }) {
  return (
    <table className={styles["predictions"]}>
      <thead>
        <tr>
          <th scope="col">{words.class}</th>
          <th scope="col">{words.inherited}</th>
          <th scope="col">{words.retrained}</th>
        </tr>
      </thead>
      <tbody>
        {predictions.rows.map((row) => (
          <Row key={row.classId} row={row} predictions={predictions} />
        ))}
      </tbody>
    </table>
  );
}
