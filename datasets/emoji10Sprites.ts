/** Every picture Emoji-10 is made of: icons of four openly licensed emoji sets, rendered at 72 × 72 and sorted into classes. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import * as v from "valibot";

export const SPRITE_SIDE = 72;

export interface EmojiClass {
  readonly name: string;
  /** Base code points, `1f3c3-200d-2640`. */
  readonly emoji: readonly string[];
}

/** One emoji in one style and one variant (skin tone, gender, direction). */
export interface Sprite {
  readonly style: string;
  readonly label: number;
  /** What makes two pictures the same emoji, see {@link groupOf}. */
  readonly group: string;
  /** 72 × 72, premultiplied RGBA. */
  readonly pixels: Uint8Array;
  /** Bounding box of alpha > 24. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export const STYLES = [
  { id: "noto", licence: "Apache-2.0", author: "Google (Noto Emoji)" },
  { id: "noto-v1", licence: "Apache-2.0", author: "Google (Noto Emoji, 2013-2017 design)" },
  { id: "twemoji", licence: "CC-BY-4.0", author: "Twitter and other contributors (Twemoji)" },
  { id: "fluent-emoji-flat", licence: "MIT", author: "Microsoft (Fluent Emoji)" },
] as const;

/** Icons that make the renderer trap; a trap leaves its memory in an unknown state. Any other failure stops the build. */
const SKIPPED = new Set([
  "noto-v1:ambulance",
  "noto-v1:bullet-train",
  "noto-v1:cocktail-glass",
  "noto-v1:hot-beverage",
  "noto-v1:lady-beetle",
  "noto-v1:man-lifting-weights",
  "noto-v1:person-lifting-weights",
  "noto-v1:woman-juggling-dark-skin-tone",
]);

const require = createRequire(import.meta.url);
const VARIATION = "fe0f";
const isSkinTone = (code: string): boolean => /^1f3f[b-f]$/.test(code);

const size = v.optional(v.number());
const iconsSchema = v.object({
  width: size,
  height: size,
  icons: v.record(v.string(), v.object({ body: v.string(), left: size, top: size, width: size, height: size })),
});
const charsSchema = v.record(v.string(), v.string());

function readPackageFile(style: string, file: string): unknown {
  return JSON.parse(readFileSync(require.resolve(`@iconify-json/${style}/${file}`), "utf8"));
}

/** The installed version of a package the data set is made from; `file` is any file that it exports from its top folder. */
export function packageVersion(name: string, file?: string): string {
  const folder = dirname(require.resolve(file === undefined ? name : `${name}/${file}`));
  const schema = v.object({ version: v.string() });
  return v.parse(schema, JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).version;
}

function withoutVariation(code: string): string {
  return code
    .split("-")
    .filter((part) => part !== VARIATION)
    .join("-");
}

function baseOf(code: string): string {
  return code
    .split("-")
    .filter((part) => part !== VARIATION && !isSkinTone(part))
    .join("-");
}

/** Emoji that differ only in skin tone, gender, hair or direction are one group: no group is in two shards. */
export function groupOf(code: string): string {
  return baseOf(code)
    .replace(/-200d-(2640|2642)/g, "")
    .replace(/-200d-27a1/g, "")
    .replace(/-200d-1f9b[0-3]/g, "")
    .replace(/^(1f468|1f469)(?=-|$)/, "1f9d1");
}

/** Code point → icon name of a style; noto-v1 has no table of its own and shares noto's names. */
function charactersOf(
  style: string,
  names: readonly string[],
  notoCodes: ReadonlyMap<string, string>,
): [string, string][] {
  const own = Object.entries(v.parse(charsSchema, readPackageFile(style, "chars.json")));
  const table = new Map(own);
  if (own.length === 0) {
    for (const name of names) {
      const code = notoCodes.get(name);
      if (code !== undefined) table.set(code, name);
    }
  }
  return [...table].sort(([p], [q]) => (p < q ? -1 : 1));
}

function render(svg: string, name: string): Omit<Sprite, "style" | "label" | "group"> {
  const renderer = new Resvg(svg, { fitTo: { mode: "width", value: SPRITE_SIDE }, font: { loadSystemFonts: false } });
  const image = renderer.render();
  const pixels = new Uint8Array(image.pixels);
  const square = image.width === SPRITE_SIDE && image.height === SPRITE_SIDE;
  image.free();
  renderer.free();
  if (!square) throw new Error(`${name} was not rendered at ${SPRITE_SIDE} × ${SPRITE_SIDE}`);
  let [left, top, right, bottom] = [SPRITE_SIDE, SPRITE_SIDE, -1, -1];
  for (let y = 0; y < SPRITE_SIDE; y++) {
    for (let x = 0; x < SPRITE_SIDE; x++) {
      if ((pixels[(y * SPRITE_SIDE + x) * 4 + 3] as number) <= 24) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) throw new Error(`${name} is empty`);
  return { pixels, left, top, width: right - left + 1, height: bottom - top + 1 };
}

function notoCodesByName(): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const [code, name] of Object.entries(v.parse(charsSchema, readPackageFile("noto", "chars.json")))) {
    if (!codes.has(name)) codes.set(name, withoutVariation(code));
  }
  return codes;
}

let rendererReady: Promise<void> | null = null;

function startRenderer(): Promise<void> {
  const wasm = join(dirname(require.resolve("@resvg/resvg-wasm")), "index_bg.wasm");
  rendererReady ??= initWasm(readFileSync(wasm));
  return rendererReady;
}

/** Render all sprites of all styles, in recipe order. `onStyle` is told the share done after each style, 0–1. */
export async function loadSprites(classes: readonly EmojiClass[], onStyle: (share: number) => void): Promise<Sprite[]> {
  await startRenderer();
  const labels = new Map<string, number>();
  classes.forEach((entry, label) => entry.emoji.forEach((code) => labels.set(code, label)));
  const notoCodes = notoCodesByName();
  const sprites: Sprite[] = [];
  for (const [done, { id: style }] of STYLES.entries()) {
    const set = v.parse(iconsSchema, readPackageFile(style, "icons.json"));
    const used = new Set<string>();
    for (const [code, name] of charactersOf(style, Object.keys(set.icons), notoCodes)) {
      const label = labels.get(baseOf(code));
      const icon = set.icons[name];
      const fullName = `${style}:${name}`;
      if (label === undefined || icon === undefined || used.has(name) || SKIPPED.has(fullName)) continue;
      used.add(name);
      const box = [icon.left ?? 0, icon.top ?? 0, icon.width ?? set.width ?? 16, icon.height ?? set.height ?? 16];
      const svg =
        `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${box.join(" ")}" ` +
        `width="${SPRITE_SIDE}" height="${SPRITE_SIDE}">${icon.body}</svg>`;
      sprites.push({ style, label, group: groupOf(code), ...render(svg, fullName) });
    }
    onStyle((done + 1) / STYLES.length);
  }
  return sprites;
}
