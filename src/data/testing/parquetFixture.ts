/** The smallest writer of a Parquet file with columns `img: {bytes}` and `label`: one uncompressed plain page a column and row group. */
import { encode } from "fast-png";
import type { Bytes } from "../bytes";
import { IMAGE_BYTES } from "../manifest";
import { concat, utf8, type FakeBatch } from "./cifarFixtures";

type Field = readonly [
  id: number,
  type: "i32" | "i64" | "text" | "struct" | "i32s" | "texts" | "structs",
  value: unknown,
];

function varint(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...out, rest];
    out.push((rest % 128) | 0x80);
  }
}

const CODES = { i32: 5, i64: 6, text: 8, struct: 12, i32s: 9, texts: 9, structs: 9 } as const;

function scalar(type: "i32" | "text" | "struct", value: unknown): number[] {
  if (type === "i32") return varint((value as number) * 2);
  if (type === "text") return [...varint((value as string).length), ...utf8(value as string)];
  return struct(value as Field[]);
}

/** Thrift's compact protocol; non-negative numbers only. */
function struct(fields: readonly Field[]): number[] {
  let last = 0;
  const out = fields.flatMap(([id, type, value]) => {
    const head = ((id - last) << 4) | CODES[type];
    last = id;
    if (type === "i32" || type === "i64") return [head, ...varint((value as number) * 2)];
    if (type === "text" || type === "struct") return [head, ...scalar(type, value)];
    const element = type === "i32s" ? "i32" : type === "texts" ? "text" : "struct";
    const items = value as readonly unknown[];
    return [head, 0xf0 | CODES[element], ...varint(items.length), ...items.flatMap((item) => scalar(element, item))];
  });
  return [...out, 0];
}

const uint32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

export function toPng(planes: Uint8Array, width = 32, height = 32): Uint8Array {
  const side = width * height;
  const data = new Uint8Array(side * 3);
  for (let i = 0; i < side; i++) for (let c = 0; c < 3; c++) data[i * 3 + c] = planes[c * 1024 + (i % 1024)] as number;
  return encode({ width, height, data, channels: 3, depth: 8 });
}

/** Write rows in row groups of `groupRows`. */
export function toParquet(images: readonly Uint8Array[], labels: ArrayLike<number>, groupRows: number): Bytes {
  const parts: Uint8Array[] = [utf8("PAR1")];
  let offset = 4;
  const page = (values: Uint8Array, count: number): { offset: number; size: number } => {
    const header = struct([
      [1, "i32", 0],
      [2, "i32", values.length],
      [3, "i32", values.length],
      [
        5,
        "struct",
        [
          [1, "i32", count],
          [2, "i32", 0],
          [3, "i32", 3],
          [4, "i32", 3],
        ] satisfies Field[],
      ],
    ]);
    const start = offset;
    parts.push(Uint8Array.from(header), values);
    offset += header.length + values.length;
    return { offset: start, size: offset - start };
  };
  const chunk = (type: number, path: string[], count: number, values: Uint8Array): Field[] => {
    const at = page(values, count);
    return [
      [2, "i64", at.offset],
      [
        3,
        "struct",
        [
          [1, "i32", type],
          [2, "i32s", [0]],
          [3, "texts", path],
          [4, "i32", 0],
          [5, "i64", count],
          [6, "i64", at.size],
          [7, "i64", at.size],
          [9, "i64", at.offset],
        ] satisfies Field[],
      ],
    ];
  };
  const groups: Field[][] = [];
  for (let start = 0; start < images.length; start += groupRows) {
    const rows = images.slice(start, start + groupRows);
    const bytes = chunk(6, ["img", "bytes"], rows.length, concat(rows.flatMap((png) => [uint32(png.length), png])));
    const numbers = concat(rows.flatMap((_, i) => [uint32(labels[start + i] as number), uint32(0)]));
    const label = chunk(2, ["label"], rows.length, numbers);
    groups.push([
      [1, "structs", [bytes, label]],
      [2, "i64", 1],
      [3, "i64", rows.length],
    ]);
  }
  const schema: Field[][] = [
    [
      [4, "text", "schema"],
      [5, "i32", 2],
    ],
    [
      [3, "i32", 0],
      [4, "text", "img"],
      [5, "i32", 1],
    ],
    [
      [1, "i32", 6],
      [3, "i32", 0],
      [4, "text", "bytes"],
    ],
    [
      [1, "i32", 2],
      [3, "i32", 0],
      [4, "text", "label"],
    ],
  ];
  const footer = Uint8Array.from(
    struct([
      [1, "i32", 1],
      [2, "structs", schema],
      [3, "i64", images.length],
      [4, "structs", groups],
    ]),
  );
  return concat([...parts, footer, uint32(footer.length), utf8("PAR1")]);
}

/** A fake batch as the Hub would give it. */
export function batchToParquet(batch: FakeBatch, groupRows = 4): Bytes {
  const images = Array.from(batch.labels, (_, i) =>
    toPng(batch.planes.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES)),
  );
  return toParquet(images, batch.labels, groupRows);
}
