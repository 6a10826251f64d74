/** The table behind a panel: the same data as numbers, sortable, copyable. */
import { Check, Copy } from "lucide-react";
import { useMemo, useState } from "react";
import { announce } from "@/store/view";
import { text } from "@/viz/copy";
import { Button } from "./Button";
import styles from "./dataTable.module.css";
import { type SortOrder, sortRows, type TableData, toCsv } from "./tableData";

const MOST_ROWS = 1000;

export function DataTable({ data, name }: { readonly data: TableData; readonly name: string }) {
  const [order, setOrder] = useState<SortOrder | null>(null);
  const [copied, setCopied] = useState(false);
  const rows = useMemo(() => sortRows(data.rows, order), [data.rows, order]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(toCsv({ columns: data.columns, rows }));
      setCopied(true);
      announce(text.shell.copied);
    } catch {
      announce(text.shell.copyFailed);
    }
  };
  const sortBy = (column: number): void => {
    setOrder((old) =>
      old?.column === column ? (old.descending ? null : { column, descending: true }) : { column, descending: false },
    );
  };
  return (
    <div className={styles.wrap}>
      <div className={styles.bar}>
        <span>{text.shell.tableRows(rows.length, Math.min(rows.length, MOST_ROWS))}</span>
        <Button
          small
          weight="quiet"
          icon={copied ? <Check size={12} /> : <Copy size={12} />}
          onClick={() => void copy()}
        >
          {text.shell.copyCsv}
        </Button>
      </div>
      {/* Scrollable regions must be reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={name}>
        <table className={styles.table}>
          <thead>
            <tr>
              {data.columns.map((column, i) => (
                <th
                  key={column}
                  scope="col"
                  aria-sort={order?.column === i ? (order.descending ? "descending" : "ascending") : "none"}
                >
                  <button type="button" onClick={() => sortBy(i)}>
                    {column}
                    <span aria-hidden="true">{order?.column === i ? (order.descending ? " ▾" : " ▴") : ""}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map((row, i) => (
              <tr key={i}>
                {row.map((cell, j) => (
                  <td key={j} data-number={typeof cell === "number" ? "" : undefined}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
