/** Which of the three arrangements a window gets, and its fixed heights. Pure, so that the break points can be tested as a table. */

export interface LayoutMode {
  /** `wide`: everything at once. `present`: one panel, large text. `stack`: panels below one another, no training. */
  readonly kind: "wide" | "present" | "stack";
  /** Header inside the control bar, dock folded. */
  readonly short: boolean;
  readonly dock: number;
}

export function layoutMode(width: number, height: number, present = false): LayoutMode {
  const short = height <= 800;
  if (width < 760) return { kind: "stack", short, dock: 180 };
  if (present || width <= 1100) return { kind: "present", short: true, dock: 150 };
  return { kind: "wide", short, dock: short ? 120 : 220 };
}
