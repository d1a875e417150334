import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

/** Where screenshots go, and whether they are made at all. */
const shots = process.env["SHOTS"] ? "/tmp/shots" : null;

/** Looks at the page as it is, in both colour schemes: nothing that axe finds, nothing wider than a small phone. */
export async function look(page: Page, name: string, widths = [360, 1280]) {
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      await test.step(`${name}, ${colorScheme}, ${width} px`, async () => {
        await settled(page);
        expect.soft(await violations(page), `${name}, ${colorScheme}, ${width} px`).toEqual([]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect.soft(wide, `width of ${name} at ${width} px`).toBeLessThanOrEqual(width);
        const file = `${name.replaceAll(" ", "-")}-${width}-${colorScheme}.png`;
        if (shots) await page.screenshot({ path: `${shots}/${file}`, fullPage: true });
      });
    }
  }
}

/** Colours on their way to others would be measured in between. What is hidden never gets there by itself. */
const settled = (page: Page) =>
  page.evaluate(() => {
    for (const animation of document.getAnimations()) {
      if (animation.effect?.getComputedTiming().iterations !== Infinity) animation.finish();
    }
  });

async function violations(page: Page) {
  const found = await new AxeBuilder({ page }).analyze();
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary ?? ""}`),
  );
}
