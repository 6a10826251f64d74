/** Numbers in sentences: the engine's messages and the page's text print them alike. */

/** 1240 → "1,240". */
export function countText(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** 4600000 → "4.6 M", 218688 → "0.219 M": three significant digits. */
export function plainMega(n: number): string {
  return `${Number((n / 1e6).toPrecision(3))} M`;
}
