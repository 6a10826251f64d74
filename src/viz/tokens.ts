/** The colours of src/app/tokens.css for canvases, which cannot read custom properties themselves. */

const fallback = {
  bg: "#f4f5f7",
  surface: "#ffffff",
  raised: "#ffffff",
  ink: "#1a1d21",
  ink2: "#454b54",
  ink3: "#5d6570",
  line: "#dfe3e8",
  lineStrong: "#858d99",
  grid: "#eceff2",
  accent: "#0b57d0",
  accentInk: "#ffffff",
  warn: "#8a5300",
  bad: "#b3261e",
  good: "#1a7339",
  past: "#a07a35",
};

export type Tokens = Readonly<Record<keyof typeof fallback, string>>;

const properties: Readonly<Record<keyof Tokens, string>> = {
  bg: "--bg",
  surface: "--surface",
  raised: "--raised",
  ink: "--ink",
  ink2: "--ink-2",
  ink3: "--ink-3",
  line: "--line",
  lineStrong: "--line-strong",
  grid: "--grid",
  accent: "--accent",
  accentInk: "--accent-ink",
  warn: "--warn",
  bad: "--bad",
  good: "--good",
  past: "--past",
};

/** Every token as it stands at an element; where a style sheet is missing (tests), the light theme's. Read once per theme change, not per frame. */
export function readTokens(element: Element): Tokens {
  const style = getComputedStyle(element);
  const read = (name: keyof Tokens): string => style.getPropertyValue(properties[name]).trim() || fallback[name];
  const names = Object.keys(fallback) as (keyof Tokens)[];
  return { ...fallback, ...Object.fromEntries(names.map((name) => [name, read(name)])) };
}
