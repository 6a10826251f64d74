/** The palette's promise, recomputed: every pair of op colours stays apart for four kinds of sight, and each stands out from its background. */
import { describe, expect, it } from "vitest";
import { dartsPrimitives } from "@/nas/cell/genotype";
import { fbnetChoices } from "@/nas/space/fbnetV1";
import {
  faded,
  familyColors,
  type OpFamily,
  opColor,
  opStyle,
  paletteBackground,
  sequential,
  signed,
  stackOrder,
} from "./palette";

type Vector = readonly [number, number, number];

/** Dichromacy in linear RGB (Machado, Oliveira and Fernandes 2009, severity 1). */
const sight: Readonly<Record<string, readonly Vector[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linear(hex: string): Vector {
  const channel = (at: number): number => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

function seen(rgb: Vector, rows: readonly Vector[]): Vector {
  const [r, g, b] = rows.map((row) => Math.min(1, Math.max(0, dot(row, rgb))));
  return [r ?? 0, g ?? 0, b ?? 0];
}

function oklab(rgb: Vector): Vector {
  const lms: Vector = [
    Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], rgb)),
    Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], rgb)),
    Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], rgb)),
  ];
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], lms),
    dot([1.9779984951, -2.428592205, 0.4505937099], lms),
    dot([0.0259040371, 0.7827717662, -0.808675766], lms),
  ];
}

function distance(a: string, b: string, rows: readonly Vector[]): number {
  const [x, y] = [oklab(seen(linear(a), rows)), oklab(seen(linear(b), rows))];
  return 100 * Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

function contrast(a: string, b: string): number {
  const [x, y] = [a, b].map((hex) => dot([0.2126, 0.7152, 0.0722], linear(hex)) + 0.05) as [number, number];
  return Math.max(x, y) / Math.min(x, y);
}

describe.each([
  ["light", 13],
  ["dark", 14],
] as const)("%s", (theme, least) => {
  const colours = (Object.keys(familyColors[theme]) as OpFamily[])
    .filter((family) => family !== "none")
    .map((family) => familyColors[theme][family]);

  it.each(Object.entries(sight))(`keeps every pair ${least} apart in OKLab × 100 for %s sight`, (_, rows) => {
    const distances = colours.flatMap((a, i) => colours.slice(i + 1).map((b) => distance(a, b, rows)));
    expect(distances).toHaveLength(21);
    expect(Math.min(...distances)).toBeGreaterThan(least);
  });

  it("stands out from the background by 3:1", () => {
    for (const colour of colours) expect(contrast(colour, paletteBackground[theme])).toBeGreaterThan(3);
  });
});

describe("op styles", () => {
  it("gives every op of a space its own code, glyph and colour", () => {
    for (const ops of [
      ["identity", "mb3_k3", "mb6_k5"],
      ["shuffle_3x3", "shuffle_5x5", "shuffle_7x7", "shuffle_xception"],
      dartsPrimitives,
      ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"],
      fbnetChoices,
      // AmoebaNet, which has the most kinds of ops of the published cells, and SETN.
      ["avg_pool_3x3", "max_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "sep_conv_7x7", "conv_7x1_1x7"],
      ["avg_pool_3x3", "max_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "conv_3x1_1x3"],
    ]) {
      for (const of of [
        (op: string) => opStyle(op).code,
        (op: string) => opStyle(op).glyph,
        (op: string) => opColor(op, "light"),
        (op: string) => opColor(op, "dark"),
      ]) {
        expect(new Set(ops.map(of)).size).toBe(ops.length);
      }
    }
  });

  it.each(["light", "dark"] as const)(
    "keeps FBNet's nine candidates apart for every sight and off the background: %s",
    (theme) => {
      const colours = fbnetChoices.map((op) => opColor(op, theme));
      for (const colour of colours) expect(contrast(colour, paletteBackground[theme])).toBeGreaterThan(3);
      // Nine colours cannot be as far apart as seven; codes and glyphs carry the rest.
      for (const rows of Object.values(sight))
        for (const [i, a] of colours.entries())
          for (const b of colours.slice(i + 1)) expect(distance(a, b, rows)).toBeGreaterThan(6.5);
    },
  );

  it.each(["light", "dark"] as const)(
    "orders options of one kind by their distance from the background: %s",
    (theme) => {
      for (const ops of [
        ["r16", "r20", "r24", "r28", "r32"],
        ["c8", "c12", "c16", "c40", "c184"],
        ["e1", "e2", "e4", "e6"],
        ["k3", "k5"],
      ]) {
        const contrasts = ops.map((op) => contrast(opColor(op, theme), paletteBackground[theme]));
        expect(contrasts).toEqual([...contrasts].sort((a, b) => a - b));
        expect(contrasts[0]).toBeGreaterThan(3);
        expect(new Set(ops.map((op) => opStyle(op).code)).size).toBe(ops.length);
        expect(stackOrder(ops)).toEqual(ops.map((_, i) => i));
        expect(opColor(ops[0] ?? "", theme)).toMatch(/^#[0-9a-f]{6}$/);
      }
    },
  );

  it("keeps codes within four characters, names it does not know included", () => {
    for (const op of [
      "identity",
      "mb3_k3",
      "shuffle_xception",
      "mb_k7e6",
      "something_new",
      "toString",
      "conv_7x1_1x7",
      "nor_conv_3x3",
      "k5_e1_g2",
      "k3_e6",
      "c184",
    ]) {
      expect(opStyle(op).code.length).toBeLessThanOrEqual(4);
    }
    expect(opStyle("something_new").code).toBe("some");
    expect(opStyle("mb_k7e6").code).toBe("k7e6");
  });
});

describe("stacks", () => {
  it("puts what computes below, then pools, skip and none, whatever the order of the columns", () => {
    expect(stackOrder(dartsPrimitives).map((k) => opStyle(dartsPrimitives[k] ?? "").code)).toEqual(
      ["sep3", "sep5", "dil3", "dil5", "max3", "avg3", "skip", "none"], // prettier-ignore
    );
    expect(stackOrder(["identity", "mb3_k3", "mb6_k5"])).toEqual([1, 2, 0]);
  });

  it("fades towards the background and stays opaque", () => {
    expect(faded("#102030", 1, "light")).toBe("rgb(16, 32, 48)");
    expect(faded("#000000", 0.25, "light")).toBe("rgb(191, 191, 191)");
    expect(faded("#ffffff", 0, "dark")).toBe("rgb(20, 23, 28)");
  });
});

describe("scales", () => {
  it("runs light to dark on light and dark to light on dark", () => {
    const sum = (colour: string): number => (colour.match(/\d+/g) ?? []).reduce((a, b) => a + Number(b), 0);
    expect(sum(sequential(0, "light"))).toBeGreaterThan(sum(sequential(1, "light")));
    expect(sum(sequential(0, "dark"))).toBeLessThan(sum(sequential(1, "dark")));
  });

  it("clamps and survives what is not a number", () => {
    expect(sequential(7, "light")).toBe(sequential(1, "light"));
    expect(sequential(Number.NaN, "dark")).toBe(sequential(0, "dark"));
    expect(signed(-9, "light")).toBe(signed(-1, "light"));
    expect(signed(0, "light")).toBe("rgb(224, 227, 231)");
  });
});
