/** Text on a filled mark: whichever of the two inks stands out more from the fill. */

const darkInk = "#14171c";
const lightInk = "#ffffff";

/** Relative luminance of `#rrggbb` or `rgb(r, g, b)` (WCAG 2.2); 0 for what is neither. */
export function luminance(color: string): number {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  const channels = hex ? hex.slice(1).map((pair) => Number.parseInt(pair, 16)) : (color.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [r = 0, g = 0, b = 0] = channels.map((value) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function inkOn(fill: string): string {
  const l = luminance(fill);
  // Equal contrast with white and with the dark ink lies where (l + 0.05)² = 1.05 · (luminance of the ink + 0.05).
  return (l + 0.05) ** 2 > 1.05 * (luminance(darkInk) + 0.05) ? darkInk : lightInk;
}
