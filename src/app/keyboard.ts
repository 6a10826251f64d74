/** The keyboard map: which key asks for what. What a command does stands in commands.ts. */

export type CommandName =
  | "toggleTrain"
  | "step"
  | "bigStep"
  | "reset"
  | "live"
  | "parent"
  | "child"
  | "back"
  | "forward"
  | "full"
  | "pin"
  | "compare"
  | "table"
  | "describe"
  | "export"
  | "help"
  | "escape"
  | "panel1"
  | "panel2"
  | "panel3"
  | "panel4"
  | "panel5"
  | "panel6"
  | "panel7"
  | "panel8"
  | "panel9"
  | "panel10";

export interface KeyPress {
  readonly key: string;
  /** Physical key: Shift and `.` give another character on most layouts. */
  readonly code: string;
  readonly shiftKey: boolean;
}

const plain: Readonly<Record<string, CommandName>> = {
  " ": "toggleTrain",
  ".": "step",
  r: "reset",
  l: "live",
  "[": "parent",
  "]": "child",
  ",": "back",
  ";": "forward",
  f: "full",
  p: "pin",
  c: "compare",
  t: "table",
  d: "describe",
  e: "export",
  "?": "help",
  escape: "escape",
  "1": "panel1",
  "2": "panel2",
  "3": "panel3",
  "4": "panel4",
  "5": "panel5",
  "6": "panel6",
  "7": "panel7",
  "8": "panel8",
  "9": "panel9",
  "0": "panel10",
};

/** The command of a key press outside text fields, or null. */
export function commandFor({ key, code, shiftKey }: KeyPress): CommandName | null {
  if (shiftKey && (key === ">" || key === "." || code === "Period")) return "bigStep";
  const name = key.toLowerCase();
  if (shiftKey && /^[a-z]$/.test(name)) return null;
  return Object.hasOwn(plain, name) ? (plain[name] ?? null) : null;
}
