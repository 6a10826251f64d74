/** Numbers as the reader sees them, with the roundings that turn ugly at their edges. */
import { describe, expect, it } from "vitest";
import { accuracyText, bytesText, countText, durationText, macsText, msText, paramsText, percentText } from "./format";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("accuracyText", () => {
  it("carries its doubt", () => {
    expect(plain(accuracyText(0.892, 1000))).toBe("89.2 ± 1.9 % (n=1,000)");
    expect(plain(accuracyText(0.5, 64))).toBe("50.0 ± 12.3 % (n=64)");
  });

  it("shows a dash for nothing", () => {
    expect(accuracyText(Number.NaN, 10)).toBe("–");
    expect(accuracyText(0.5, 0)).toBe("–");
  });
});

it.each([
  [4600000, "4.60 M"],
  [41300000, "41.3 M"],
  [316019520, "316 M"],
  [149730, "150 k"],
  [999999, "1.00 M"],
  [9996000, "10.0 M"],
  [640, "640"],
  [Number.NaN, "–"],
])("macsText(%d) is %s", (value, text) => {
  expect(plain(macsText(value))).toBe(text);
  expect(paramsText(value)).toBe(macsText(value));
});

it.each([
  [0.84, "0.84 ms"],
  [12.4, "12.4 ms"],
  [9.999, "10.0 ms"],
  [840, "840 ms"],
  [999.7, "1.00 s"],
  [12400, "12.4 s"],
])("msText(%d) is %s", (value, text) => expect(plain(msText(value))).toBe(text));

it.each([
  [0, "0 s"],
  [59.6, "1 min"],
  [125, "2 min"],
  [3599, "1 h"],
  [4800, "1 h 20 min"],
])("durationText(%d) is %s", (value, text) => expect(plain(durationText(value))).toBe(text));

it.each([
  [12, "12 B"],
  [999.9, "1.0 kB"],
  [412345678, "412 MB"],
  [1100000000, "1.1 GB"],
])("bytesText(%d) is %s", (value, text) => expect(plain(bytesText(value))).toBe(text));

it("groups thousands and rounds percent", () => {
  expect(countText(1240)).toBe("1,240");
  expect(plain(percentText(0.4149))).toBe("41.5 %");
  expect(plain(percentText(0.4149, 0))).toBe("41 %");
});
