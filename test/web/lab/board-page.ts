import type { Locator, Page } from 'playwright-core';
import type { TestContext } from 'vitest';
import { visit } from '../site.ts';
import type { Visit, Visited } from '../site.ts';

/** Something takes as long as a board takes, and as the machine is busy. */
export const LONG = { timeout: 60_000 };

/** The laboratory's board page, as somebody looks at it. */
export interface Lab extends Visited {
  /** What the bootloader has decided, and what has gone wrong since. */
  readonly decision: Locator;
  readonly console: Locator;
  /** What the flasher says. */
  readonly flasherSays: Locator;
  /** The state that the figure has marked. */
  readonly dfuState: Locator;
  readonly problem: Locator;
}

/** How the page is opened. */
interface LabVisit extends Visit {
  /** Ranges that the map has at least once the flash is explained; default: 3, as with a bootloader in it. */
  readonly ranges?: number | undefined;
}

/** Opens the page, and waits until its board has started. */
export async function lab(context: TestContext, query = '', how: LabVisit = {}): Promise<Lab> {
  const visited = await visit(context, `lab/${query}`, how);
  const { page } = visited;
  await page.locator('.decision p:not(.muted)').first().waitFor(LONG);
  const last = (how.ranges ?? 3) - 1;
  await page.locator('lab-flash-map').getByRole('option').nth(last).waitFor(LONG);
  return {
    ...visited,
    decision: page.locator('.decision'),
    console: page.locator('lab-console .log'),
    flasherSays: page.locator('dfu-flasher [role=status]'),
    dfuState: page.locator('lab-dfu-machine g.here'),
    problem: page.locator('.problem'),
  };
}

export function button(page: Page, name: string): Locator {
  return page.locator('#board').getByRole('button', { name, exact: true });
}

/** The ranges of the map that have these words in what is heard of them. */
export function ranges(page: Page, words: RegExp): Locator {
  return page.locator('lab-flash-map').getByRole('option', { name: words });
}

const flashButton = (page: Page): Locator =>
  page.locator('dfu-flasher').getByRole('button', { name: 'Flash', exact: true });

/** Chooses one of the files that go with the board, and waits until the flasher has looked at it. */
export async function chooseSample(page: Page, title: string | RegExp): Promise<void> {
  await page.locator('.samples').getByRole('button', { name: title }).click(LONG);
  await page.locator('dfu-flasher').getByText('What it is').waitFor(LONG);
}

export async function flash(page: Page): Promise<void> {
  await flashButton(page).click(LONG);
}

/** Waits until something says these words. */
export async function says(where: Locator, words: string | RegExp): Promise<void> {
  await where.filter({ hasText: words }).first().waitFor(LONG);
}
