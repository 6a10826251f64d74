/**
 * Why resolutions are mixed with zeros between the pixels (arXiv 2004.05565 section 3.2; spec fbnet 2.2): sixteen pixels with a colour and a letter each,
 * read, computed and put back, beside three ways that do not work.
 */
import { text as copy } from "@/viz/copy";
import { inkOn } from "@/viz/thetaInk";
import type { Size } from "./layout";
import { readAt } from "./masks";
import styles from "./theta.module.css";
import { lineHeight } from "./ThetaPicture";

const text = copy.theta.why3;
const [full, small] = [8, 4] as const;
const places = readAt(full, small);

/** Index of the pixel that is read at a place of the large map, or null. */
export function pixelAt(row: number, column: number): number | null {
  const [r, c] = [places.indexOf(row), places.indexOf(column)];
  return r < 0 || c < 0 ? null : r * small + c;
}

type Filling = (row: number, column: number) => number | null;

/** The ways to fill the large map again from the small one. */
export const fillings: Readonly<Record<"scattered" | "border" | "nearest", Filling>> = {
  scattered: pixelAt,
  border: (row, column) => {
    const [r, c] = [row - (full - small) / 2, column - (full - small) / 2];
    return r >= 0 && r < small && c >= 0 && c < small ? r * small + c : null;
  },
  nearest: (row, column) => Math.floor((row * small) / full) * small + Math.floor((column * small) / full),
};

/** Hues across, readable on both themes. */
const hues: readonly (readonly [number, number, number])[] = [
  [214, 120, 47],
  [122, 104, 40],
  [20, 150, 142],
  [66, 96, 190],
];

/** A colour a place: hue across, paler downwards. Letters say the same. */
function pixelColor(index: number): string {
  const [row, column] = [Math.floor(index / small), index % small];
  const pale = (row / small) * 0.6;
  return `rgb(${(hues[column] ?? [128, 128, 128]).map((v) => Math.round(v + (255 - v) * pale)).join(", ")})`;
}

interface GridProps {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly cell: number;
  readonly at: Filling;
  /** Pixels that are not read: shown pale in the image, empty elsewhere. */
  readonly isImage?: boolean;
  /** Places where the letter is shown. */
  readonly letters?: (row: number, column: number) => boolean;
}

function Grid({ x, y, side, cell, at, isImage = false, letters = () => true }: GridProps) {
  const cells = Array.from({ length: side * side }, (_, i) => {
    const [row, column] = [Math.floor(i / side), i % side];
    const index = at(row, column);
    const fill = index === null ? undefined : pixelColor(index);
    const shade = isImage && index === null ? pixelColor(fillings.nearest(row, column) ?? 0) : fill;
    return (
      <g key={i}>
        <rect className={shade === undefined ? styles["empty"] : styles["cell"]} x={x + column * cell} y={y + row * cell} width={cell} height={cell} fill={shade} opacity={isImage && index === null ? 0.3 : 1} />
        {index !== null && fill !== undefined && cell >= 10 && letters(row, column) && (
          <text x={x + (column + 0.5) * cell} y={y + (row + 0.5) * cell + 3.5} style={{ fill: inkOn(fill), fontSize: Math.min(11, cell - 1) }}>
            {String.fromCharCode(97 + index)}
          </text>
        )}
      </g>
    );
  });
  return <g>{cells}</g>;
}

function Words({ x, y, width, title, hint = "" }: { readonly x: number; readonly y: number; readonly width: number; readonly title: string; readonly hint?: string }) {
  const line = lineHeight();
  const most = Math.max(12, Math.floor(width / (0.46 * line)));
  return (
    <>
      <text className={styles["strong"]} x={x} y={y}>
        {title}
      </text>
      {wrap(hint, most).map((part, i) => (
        <text key={part} className={styles["hint"]} x={x} y={y + (i + 1) * line}>
          {part}
        </text>
      ))}
    </>
  );
}

/** Words in lines of at most so many letters. */
export function wrap(words: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ").filter((w) => w !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

export function WhyFigure({ size: { width, height } }: { readonly size: Size }) {
  const line = lineHeight();
  // Above: the way of a pixel through S, F and Z. Below: what else one might do.
  const space = { hint: 3 * line + 6, top: line + 6 };
  const side = Math.max(40, Math.min((height - space.top - 2 * (space.hint + line)) / 2, (width - 40) / 4 - 24));
  const cell = Math.floor(side / full);
  const big = cell * full;
  const pitch = (width - 24) / 4;
  const center = (i: number): number => 12 + pitch * (i + 0.5);
  const tall = space.top + 2 * (big + space.hint + line);
  const top = Math.max(0, (height - tall) / 2);
  const [y1, y2] = [top + space.top, top + space.top + big + space.hint + line];
  const mini = Math.floor(big / 2 / small) * small;
  const grid = (i: number): number => center(i) - big / 2;
  const smallGrid = (i: number): { readonly x: number; readonly y: number; readonly cell: number } => ({ x: center(i) - mini / 2, y: y1 + (big - mini) / 2, cell: mini / small });
  const arrow = (i: number): string => `M${center(i) + (i === 0 || i === 3 ? big / 2 : mini / 2) + 4},${y1 + big / 2}H${center(i + 1) - (i + 1 === 3 ? big / 2 : mini / 2) - 6}l-5,-4m5,4l-5,4`;
  const inOrder: Filling = (row, column) => row * small + column;
  return (
    <svg width={width} height={height} role="img" aria-label={text.described} className={styles["why"]}>
      <text className={styles["strong"]} x={width / 2} y={top + line - 1}>
        {text.summary}
      </text>
      <Grid x={grid(0)} y={y1} side={full} cell={cell} at={pixelAt} isImage />
      <Grid {...smallGrid(1)} side={small} at={inOrder} />
      <Grid {...smallGrid(2)} side={small} at={inOrder} />
      <Grid x={grid(3)} y={y1} side={full} cell={cell} at={fillings.scattered} />
      {[0, 1, 2].map((i) => (
        <path key={i} className={styles["arrow"]} d={arrow(i)} />
      ))}
      <Words x={center(0)} y={y1 + big + line} width={pitch} title={text.read} />
      <Words x={center(1)} y={y1 + big + line} width={pitch} title={text.sampled} />
      <Words x={center(2)} y={y1 + big + line} width={pitch} title={text.computed} />
      <Words x={center(3)} y={y1 + big + line} width={pitch} title={text.scattered} hint={text.scatteredHint} />
      <Grid x={grid(0)} y={y2} side={full} cell={cell} at={fillings.border} />
      <Grid x={grid(1)} y={y2} side={full} cell={cell} at={fillings.nearest} letters={(row, column) => pixelAt(row, column) !== null} />
      <Grid x={grid(2)} y={y2} side={full} cell={cell} at={fillings.scattered} letters={() => false} />
      <rect className={styles["window"]} x={grid(2) + 2 * cell} y={y2 + 2 * cell} width={3 * cell} height={3 * cell} />
      <Words x={center(0)} y={y2 + big + line} width={pitch} title={`✕ ${text.border}`} hint={text.borderHint} />
      <Words x={center(1)} y={y2 + big + line} width={pitch} title={`✕ ${text.nearest}`} hint={text.nearestHint} />
      <Words x={center(2)} y={y2 + big + line} width={pitch} title={`✕ ${text.window}`} hint={text.windowHint} />
    </svg>
  );
}
