/** What axe finds on screen, in both themes and both layouts. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "./test";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
export const wide = { width: 1440, height: 900 };
export const projector = { width: 1024, height: 768 };

export async function arrange(page: Page, theme: "light" | "dark", size: { width: number; height: number }): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await page.setViewportSize(size);
  const root = page.locator("html");
  await expect(root).toHaveAttribute("data-theme", theme);
  if (size === projector) await expect(root).toHaveAttribute("data-present", "");
  else await expect(root).not.toHaveAttribute("data-present");
}

/** One line a violation: rule, where, why. */
async function violations(page: Page, where: string, part: string | null = null): Promise<string[]> {
  const axe = new AxeBuilder({ page }).withTags(tags);
  const found = await (part === null ? axe : axe.include(part)).analyze();
  expect(found.passes.length, `rules that axe could apply: ${where}`).toBeGreaterThan(5);
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(
      (node) => `${where}: ${id} at ${node.target.join(" ")}: ${(node.failureSummary ?? "").replace(/\s+/g, " ")}`,
    ),
  );
}

interface Scan {
  readonly sizes?: readonly { readonly width: number; readonly height: number }[];
  /** Look at this part only; null: the whole page. */
  readonly part?: string | null;
}

/** Scan what is on screen in both themes, by default at both sizes. */
export async function scan(page: Page, where: string, { sizes = [wide, projector], part = null }: Scan = {}): Promise<void> {
  const found: string[] = [];
  for (const size of sizes) {
    for (const theme of ["light", "dark"] as const) {
      await arrange(page, theme, size);
      found.push(...(await violations(page, `${where}, ${theme}, ${size.width}`, part)));
    }
  }
  expect.soft(found, where).toEqual([]);
}

/** Each panel in front on the projector, where only one has room; the first again at the end. */
export async function scanTabs(
  page: Page,
  where: string,
  names: readonly string[] = ["Sampled path", "Candidate pool", "Data", "Network"],
): Promise<void> {
  const found: string[] = [];
  await arrange(page, "light", projector);
  for (const name of names) {
    await page.getByRole("tab", { name, exact: true }).click();
    await expect(page.getByRole("tab", { name, exact: true })).toHaveAttribute("data-state", "active");
    for (const theme of ["light", "dark"] as const) {
      await arrange(page, theme, projector);
      found.push(...(await violations(page, `${where}, ${name}, ${theme}, projector`)));
    }
  }
  await page.getByRole("tab", { name: names[0] ?? "", exact: true }).click();
  expect.soft(found, where).toEqual([]);
}
