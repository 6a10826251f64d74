/** The break points of the layout. */
import { expect, it } from "vitest";
import { layoutMode } from "./layoutMode";

it.each([
  [1440, 900, false, "wide", false, 220],
  [1440, 800, false, "wide", true, 120],
  [1440, 760, false, "wide", true, 120],
  [1101, 900, false, "wide", false, 220],
  [1100, 900, false, "present", true, 150],
  [1024, 768, false, "present", true, 150],
  [1440, 900, true, "present", true, 150],
  [760, 900, false, "present", true, 150],
  [759, 900, true, "stack", false, 180],
] as const)("%i × %i, present %s → %s, short %s, dock %i", (width, height, present, kind, short, dock) => {
  expect(layoutMode(width, height, present)).toEqual({ kind, short, dock });
});
