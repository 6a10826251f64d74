/**
 * Who draws cells for export. Drawing belongs to `viz` and turning it into pixels to the page, and the store may import neither: the app
 * provides both when it starts.
 */
import type { Genotype } from "@/nas/cell/genotype";

/** What is drawn: a pair of cells, or a cell of NAS-Bench-201 by the ops of its six edges. */
export type DrawnCells =
  | { readonly kind: "genotype"; readonly genotype: Genotype }
  | { readonly kind: "bench201"; readonly ops: readonly string[] };

export interface CellPictures {
  /** A self-contained SVG in the theme on screen. */
  svg(cells: DrawnCells, words: { readonly title: string; readonly subtitle: string }): Promise<string>;
  /** The same picture as PNG, at twice its size. Rejects where the page cannot make pixels of it. */
  png(svg: string): Promise<Uint8Array>;
}

let provided: CellPictures | null = null;

export function provideCellPictures(pictures: CellPictures): void {
  provided = pictures;
}

/** Null before the page has started, and in tests that do not draw. */
export function cellPictures(): CellPictures | null {
  return provided;
}
