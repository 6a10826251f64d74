// @vitest-environment jsdom
/** The picture of cells: well-formed and self-contained, every edge and op in it, no tag on another, hostile text harmless. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cellOfPairs, type Genotype } from "@/nas/cell/genotype";
import { type CellDrawing, cellPicture, type PictureTheme } from "./cellPicture";
import { opStyle } from "./palette";

type Pairs = readonly (readonly [string, number])[];
const golden = JSON.parse(readFileSync("src/golden/darts/genotypes.json", "utf8")) as {
  readonly genotypes: Readonly<Record<string, { readonly list: Readonly<Record<string, Pairs | readonly number[]>> }>>;
};

function genotypeOf(name: string): Genotype {
  const list = golden.genotypes[name]?.list ?? {};
  const cell = (kind: string) =>
    cellOfPairs(
      (list[kind] as Pairs).map(([op, from]) => ({ op, from })),
      list[`${kind}_concat`] as readonly number[],
    );
  return { normal: cell("normal"), reduce: cell("reduce") };
}

const bench: CellDrawing = {
  kind: "bench201",
  ops: ["nor_conv_3x3", "nor_conv_3x3", "avg_pool_3x3", "skip_connect", "nor_conv_1x1", "none"],
};

function parse(svg: string): Element {
  const { documentElement } = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(documentElement.querySelector("parsererror")).toBeNull();
  return documentElement;
}

/** Top-level elements of a kind. */
function top(root: Element, name: string): Element[] {
  return [...root.children].filter((child) => child.tagName === name);
}

/** Boxes of the tags: the only rectangles with corners of 4 pixels. */
function tagsOf(group: Element): { x: number; y: number; width: number; height: number }[] {
  return [...group.querySelectorAll('rect[rx="4"]')].map((rect) => {
    const number = (name: string): number => Number(rect.getAttribute(name));
    return { x: number("x"), y: number("y"), width: number("width"), height: number("height") };
  });
}

describe("every published genotype", () => {
  for (const name of Object.keys(golden.genotypes)) {
    it(`${name}: every op once an edge, in all themes`, () => {
      const genotype = genotypeOf(name);
      for (const theme of ["light", "dark", "print"] as const) {
        const svg = cellPicture({ kind: "genotype", genotype }, { theme, title: "Cells", subtitle: name });
        expect(cellPicture({ kind: "genotype", genotype }, { theme, title: "Cells", subtitle: name })).toBe(svg);
        expect(svg).not.toMatch(/var\(|href|url\(|NaN|undefined|<script|<style/);
        const root = parse(svg);
        expect(root.querySelector("title")?.textContent).toBe(`Cells: ${name}`);
        const cells = top(root, "g").slice(0, 2);
        expect(cells).toHaveLength(2);
        cells.forEach((group, i) => {
          const cell = i === 0 ? genotype.normal : genotype.reduce;
          const codes = cell.nodes.flat().map(({ op }) => opStyle(op).code);
          expect(tagsOf(group)).toHaveLength(codes.length);
          expect(group.querySelectorAll("path")).toHaveLength(codes.length + cell.concat.length);
          const texts = [...group.querySelectorAll("text")].map((node) => node.textContent ?? "");
          for (const code of codes) expect(texts.some((text) => text.endsWith(` ${code}`))).toBe(true);
          for (const state of ["c(k−2)", "c(k−1)", "c(k)", "2"]) expect(texts).toContain(state);
        });
        const legend = top(root, "g").at(-1)?.textContent ?? "";
        for (const { op } of [...genotype.normal.nodes, ...genotype.reduce.nodes].flat()) expect(legend).toContain(op);
      }
    });
  }

  it("keeps tags apart and inside the picture", () => {
    for (const name of Object.keys(golden.genotypes)) {
      const root = parse(
        cellPicture({ kind: "genotype", genotype: genotypeOf(name) }, { theme: "light", title: name }),
      );
      for (const group of top(root, "g").slice(0, 2)) {
        const tags = tagsOf(group);
        tags.forEach((a, i) => {
          expect(a.x).toBeGreaterThan(0);
          expect(a.x + a.width).toBeLessThan(540);
          for (const b of tags.slice(i + 1)) {
            const isClear = a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y;
            expect(isClear, `${name}: ${JSON.stringify([a, b])}`).toBe(true);
          }
        });
      }
    }
  });
});

describe("words", () => {
  it("tells what every node adds and what is given out", () => {
    const svg = cellPicture({ kind: "genotype", genotype: genotypeOf("AmoebaNet") }, { theme: "light", title: "A" });
    const said = parse(svg).querySelector("desc")?.textContent ?? "";
    expect(said).toContain("Normal cell. Node 2 adds avg_pool_3x3 of c(k−2) and max_pool_3x3 of c(k−1).");
    expect(said).toContain("Reduction cell. ");
    expect(said).toContain("It gives out nodes 3, 4, 6.");
  });

  it("draws a cell of NAS-Bench-201 with none as a broken line", () => {
    const root = parse(cellPicture(bench, { theme: "dark", title: "NAS-Bench-201" }));
    expect(top(root, "g")).toHaveLength(2);
    expect(tagsOf(root)).toHaveLength(6);
    expect(root.querySelectorAll('g g path[stroke-dasharray="3 5"]')).toHaveLength(1);
    expect(root.querySelector("desc")?.textContent).toContain("Node 3 adds none of node 2.");
  });

  it("cuts a long second line, and lets no text become markup", () => {
    const hostile = `</title><script>alert("x")</script>&\u0000\ud800${"n".repeat(400)}`;
    for (const theme of ["light", "dark", "print"] satisfies PictureTheme[]) {
      const root = parse(cellPicture(bench, { theme, title: hostile, subtitle: hostile }));
      expect(root.querySelector("script")).toBeNull();
      expect(root.querySelector("title")?.textContent).toContain("<script>");
      const second = top(root, "text")[1]?.textContent ?? "";
      expect(second.endsWith("…")).toBe(true);
      expect(second.length).toBeLessThan(120);
    }
  });
});
