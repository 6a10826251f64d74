/**
 * Cells as a picture to take home: one self-contained SVG string with title, text alternative and legend, in the colours of a theme or in ink for
 * print. Pure: what it draws it is given, and equal input gives equal text.
 */
import type { Cell, CellKind, Genotype } from "@/nas/cell/genotype";
import {
  type CellCurve,
  type CellGeometry,
  cellGeometry,
  cellGeometry201,
  type CellNodeMark,
  type Point,
} from "./cellLayout";
import { type Box, placeTags } from "./cellTags";
import { text } from "./copy";
import { opColor, opStyle } from "./palette";

export type PictureTheme = "light" | "dark" | "print";

/** A pair of cells, or a cell of NAS-Bench-201 by the ops of its edges in the order 1←0, 2←0, 2←1, 3←0, 3←1, 3←2. */
export type CellDrawing =
  | { readonly kind: "genotype"; readonly genotype: Genotype }
  | { readonly kind: "bench201"; readonly ops: readonly string[] };

export interface CellPictureOptions {
  readonly theme: PictureTheme;
  /** First line of the picture and name of the SVG. */
  readonly title: string;
  /** Second line, e.g. the id; cut to the width of the picture. */
  readonly subtitle?: string;
}

interface Ink {
  readonly surface: string;
  readonly sunken: string;
  readonly ink: string;
  readonly ink2: string;
  readonly line: string;
}

const inks: Readonly<Record<PictureTheme, Ink>> = {
  light: { surface: "#ffffff", sunken: "#eceef1", ink: "#1a1d21", ink2: "#454b54", line: "#858d99" },
  dark: { surface: "#14171c", sunken: "#20252c", ink: "#e6e9ee", ink2: "#b9c0ca", line: "#727b88" },
  print: { surface: "#ffffff", sunken: "#ffffff", ink: "#000000", ink2: "#000000", line: "#666666" },
};

/** Pixels of one cell, of what stands above and below, and round everything. */
const cellSize = { width: 540, height: 320 };
/** Alone in its picture, and its string is long. */
const benchSize = { width: 640, height: 320 };
const pad = 24;
const headHeight = 64;
const cellTitleHeight = 28;
const legendRow = 22;
const legendColumn = 200;
/** Pixels a letter of the subtitle takes. */
const letter = 6.7;

const words = text.dialogs.picture;

/** An edge of a drawn cell. */
interface DrawnEdge {
  readonly from: number;
  readonly to: number;
  readonly op: string;
  /** Only where a node reads this state twice. */
  readonly slot?: 0 | 1;
}

interface DrawnCell {
  readonly title: string;
  readonly geometry: CellGeometry;
  readonly edges: readonly DrawnEdge[];
  /** Edges without an op: nodes that are given out. */
  readonly out: readonly { readonly from: number; readonly to: number }[];
  readonly description: string;
}

function escaped(value: string): string {
  return value
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function drawnCell(kind: CellKind, cell: Cell): DrawnCell {
  const count = cell.nodes.length;
  const geometry = cellGeometry(count, cellSize);
  const edges = cell.nodes.flatMap(([a, b], n): DrawnEdge[] => {
    const isTwice = a.from === b.from;
    return [a, b].map(({ op, from }, slot) => ({
      ...{ op, from, to: n + 2 },
      ...(isTwice ? { slot: slot as 0 | 1 } : {}),
    }));
  });
  const label = (state: number): string => geometry.nodes[state]?.label ?? String(state);
  const sentences = cell.nodes.map(([a, b], n) => words.node(n + 2, a.op, label(a.from), b.op, label(b.from)));
  const title = text.cells.cell[kind] ?? kind;
  return {
    ...{ title, geometry, edges },
    out: cell.concat.map((from) => ({ from, to: count + 2 })),
    description: `${title}. ${[...sentences, words.concat(cell.concat)].join(" ")}`,
  };
}

function drawnBench(ops: readonly string[]): DrawnCell {
  const geometry = cellGeometry201(benchSize);
  const edges = [1, 2, 3]
    .flatMap((to) => Array.from({ length: to }, (_, from) => ({ from, to })))
    .map((edge, i): DrawnEdge => ({ ...edge, op: ops[i] ?? "none" }));
  const title = text.cells.cell["cell"] ?? "";
  const sentences = edges.map(({ from, to, op }) => words.edge(from, to, op));
  return { title, geometry, edges, out: [], description: `${title}. ${sentences.join(" ")}` };
}

function strokeOf(op: string, theme: PictureTheme): string {
  if (theme === "print") return inks.print.ink;
  return op === "none" ? inks[theme].line : opColor(op, theme);
}

/** `none` is a broken line in every theme; it passes nothing on. */
function strokeStyle(op: string, theme: PictureTheme): string {
  const isNone = op === "none";
  return `stroke="${strokeOf(op, theme)}" stroke-width="${isNone ? 1.5 : theme === "print" ? 2 : 3}"${isNone ? ' stroke-dasharray="3 5"' : ""}`;
}

function opWords(op: string): string {
  const { glyph, code } = opStyle(op);
  return `${glyph} ${code}`;
}

function tagBox({ x, y }: Point, op: string): Box {
  return { x, y, width: 7 * opWords(op).length + 8, height: 18 };
}

function stateBox({ x, y, r, label }: CellNodeMark): Box {
  return { x, y, width: Math.max(2 * r, 7 * label.length + 14), height: 2 * r };
}

function boxed({ x, y, width, height }: Box, radius: number, fill: string, stroke: string): string {
  return `<rect x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${round(width)}" height="${round(height)}" rx="${radius}" fill="${fill}" stroke="${stroke}"/>`;
}

function centred({ x, y }: Point, label: string, fill: string): string {
  return `<text x="${round(x)}" y="${round(y + 4)}" text-anchor="middle" font-size="12" fill="${fill}">${escaped(label)}</text>`;
}

function tag(box: Box, op: string, theme: PictureTheme): string {
  const { surface, ink } = inks[theme];
  return boxed(box, 4, surface, strokeOf(op, theme)) + centred(box, opWords(op), ink);
}

function state(node: CellNodeMark, theme: PictureTheme): string {
  const { sunken, ink, line } = inks[theme];
  return boxed(stateBox(node), node.r, sunken, line) + centred(node, node.label, ink);
}

function cellGroup({ title, geometry, edges, out }: DrawnCell, x: number, y: number, theme: PictureTheme): string {
  const { ink, line } = inks[theme];
  const curves = edges.map((edge): [DrawnEdge, CellCurve] => [edge, geometry.chord(edge.from, edge.to, edge.slot)]);
  const tags = placeTags(
    curves.map(([{ op }, curve]) => ({ curve, boxAt: (point) => tagBox(point, op) })),
    geometry.nodes.map(stateBox),
  );
  const path = (curve: CellCurve, stroke: string): string => `<path d="${curve.path}" fill="none" ${stroke}/>`;
  return [
    `<g transform="translate(${x} ${y})">`,
    `<text x="0" y="16" font-size="14" font-weight="600" fill="${ink}">${escaped(title)}</text>`,
    `<g transform="translate(0 ${cellTitleHeight})">`,
    ...out.map(({ from, to }) => path(geometry.chord(from, to), `stroke="${line}" stroke-width="1"`)),
    ...curves.map(([{ op }, curve]) => path(curve, strokeStyle(op, theme))),
    ...geometry.nodes.map((node) => state(node, theme)),
    ...tags.map((box, i) => tag(box, edges[i]?.op ?? "", theme)),
    `</g></g>`,
  ].join("\n");
}

/** Ops in the order of their first edge, each once. */
function opsOf(cells: readonly DrawnCell[]): string[] {
  return [...new Set(cells.flatMap(({ edges }) => edges.map(({ op }) => op)))];
}

function legend(ops: readonly string[], columns: number, y: number, theme: PictureTheme): string {
  const { ink2 } = inks[theme];
  const rows = ops.map((op, i) => {
    const [left, top] = [pad + (i % columns) * legendColumn, y + Math.floor(i / columns) * legendRow];
    return (
      `<path d="M${left},${top}h22" fill="none" ${strokeStyle(op, theme)}/>` +
      `<text x="${left + 30}" y="${top + 4}" font-size="12" fill="${ink2}">${escaped(`${opWords(op)} = ${op}`)}</text>`
    );
  });
  return `<g>\n${rows.join("\n")}\n</g>`;
}

/** The picture as SVG text. Cells stand side by side; the legend names every op in them by line, glyph, code and name. */
export function cellPicture(drawing: CellDrawing, { theme, title, subtitle }: CellPictureOptions): string {
  const cells =
    drawing.kind === "bench201"
      ? [drawnBench(drawing.ops)]
      : [drawnCell("normal", drawing.genotype.normal), drawnCell("reduce", drawing.genotype.reduce)];
  const width = pad + cells.reduce((sum, { geometry }) => sum + geometry.width + pad, 0);
  const ops = opsOf(cells);
  const columns = Math.max(1, Math.floor((width - pad) / legendColumn));
  const cellsTop = pad + headHeight - 16;
  const legendTop = cellsTop + cellTitleHeight + cellSize.height + 20;
  const height = legendTop + Math.ceil(ops.length / columns) * legendRow + pad - 12;
  const { surface, ink, ink2 } = inks[theme];
  const room = Math.floor((width - 2 * pad) / letter);
  const second = subtitle !== undefined && subtitle.length > room ? `${subtitle.slice(0, room - 1)}…` : subtitle;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif">`,
    `<title>${escaped(subtitle === undefined ? title : `${title}: ${subtitle}`)}</title>`,
    `<desc>${escaped(cells.map(({ description }) => description).join(" "))}</desc>`,
    `<rect width="${width}" height="${height}" fill="${surface}"/>`,
    `<text x="${pad}" y="${pad + 12}" font-size="16" font-weight="600" fill="${ink}">${escaped(title)}</text>`,
    ...(second === undefined
      ? []
      : [
          `<text x="${pad}" y="${pad + 31}" font-size="11" font-family="ui-monospace, Menlo, Consolas, 'Liberation Mono', monospace" fill="${ink2}">${escaped(second)}</text>`,
        ]),
    ...cells.map((cell, i) => cellGroup(cell, pad + i * (cell.geometry.width + pad), cellsTop, theme)),
    legend(ops, columns, legendTop, theme),
    `</svg>\n`,
  ].join("\n");
}
