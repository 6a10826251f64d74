/** The keyboard map as a table. */
import { expect, it } from "vitest";
import { commandFor } from "./keyboard";

it.each([
  [" ", "Space", false, "toggleTrain"],
  [".", "Period", false, "step"],
  [">", "Period", true, "bigStep"],
  [":", "Period", true, "bigStep"],
  ["r", "KeyR", false, "reset"],
  ["L", "KeyL", false, "live"],
  ["[", "BracketLeft", false, "parent"],
  ["]", "BracketRight", false, "child"],
  [",", "Comma", false, "back"],
  [";", "Semicolon", false, "forward"],
  ["f", "KeyF", false, "full"],
  ["p", "KeyP", false, "pin"],
  ["c", "KeyC", false, "compare"],
  ["t", "KeyT", false, "table"],
  ["d", "KeyD", false, "describe"],
  ["e", "KeyE", false, "export"],
  ["?", "Slash", true, "help"],
  ["Escape", "Escape", false, "escape"],
  ["1", "Digit1", false, "panel1"],
  ["5", "Digit5", false, "panel5"],
  ["6", "Digit6", false, "panel6"],
  ["7", "Digit7", false, "panel7"],
  ["8", "Digit8", false, "panel8"],
  ["9", "Digit9", false, "panel9"],
  ["0", "Digit0", false, "panel10"],
  ["R", "KeyR", true, null],
  ["toString", "", false, null],
] as const)("%s (%s, shift %s) → %s", (key, code, shiftKey, command) => {
  expect(commandFor({ key, code, shiftKey })).toBe(command);
});
