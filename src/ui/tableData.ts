/** A panel's data as rows: sorting by a column, and the text that a spreadsheet pastes. */

export interface TableData {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface SortOrder {
  readonly column: number;
  readonly descending: boolean;
}

/** Rows in order of one column: numbers by value, text by the alphabet with numbers inside it in order; equals keep their order. */
export function sortRows(rows: TableData["rows"], order: SortOrder | null): TableData["rows"] {
  if (order === null) return rows;
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [left[order.column], right[order.column]];
    if (typeof a === "number" && typeof b === "number")
      return sign * (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b);
    return sign * String(a ?? "").localeCompare(String(b ?? ""), "en", { numeric: true });
  });
}

function field(value: string | number): string {
  const text = String(value);
  // A leading = + - @ would run as a formula when the text is not a number.
  const safe =
    typeof value === "string" && /^[=+\-@\t]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Comma-separated values after RFC 4180, one header line. */
export function toCsv({ columns, rows }: TableData): string {
  return [columns, ...rows].map((row) => row.map(field).join(",")).join("\r\n");
}
