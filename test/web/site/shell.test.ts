import { expect, test } from 'vitest';
import { PHONE, axeViolations, visit } from '../site.ts';

/** What has the focus, by its words; and whether an outline shows it. */
const focused = `(() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  const { width, height } = at.getBoundingClientRect();
  return {
    name: at.textContent.trim(),
    element: at.localName,
    isShown: outlineStyle !== 'none' && outlineWidth !== '0px' && width > 1 && height > 1,
  };
})()`;

interface Focused {
  readonly name: string;
  readonly element: string;
  readonly isShown: boolean;
}

test('by keyboard alone one gets to the content, and to every place of the site', async (context) => {
  const { page, faults } = await visit(context, 'docs/errors/');
  const at = (): Promise<Focused> => page.evaluate<Focused>(focused);
  await page.keyboard.press('Tab');
  expect(await at()).toMatchObject({ name: 'Skip to the content', isShown: true });
  await page.keyboard.press('Enter');
  expect(new URL(page.url()).hash).toBe('#content');
  expect(await page.evaluate('document.activeElement.localName')).toBe('main');

  await page.reload();
  await page.goto(page.url().replace('#content', ''));
  const names: string[] = [];
  for (let stop = 0; stop < 9; stop += 1) {
    await page.keyboard.press('Tab');
    const { name, element, isShown } = await at();
    expect(isShown, `${element} ${name}`).toBe(true);
    names.push(element === 'a' ? name : element);
  }
  expect(names).toEqual([
    'Skip to the content',
    'dfukit',
    'Laboratory',
    'MCUboot',
    'Dump',
    'Flasher',
    'Docs',
    'API',
    'select',
  ]);
  expect(faults).toEqual([]);
});

test('the navigation says where one is, and leads where it says', async (context) => {
  const { page, faults } = await visit(context, '');
  const here = page.locator('header [aria-current=page]');
  const nav = page.getByRole('navigation', { name: 'Site' });
  expect(await here.allTextContents()).toEqual(['dfukit']);
  for (const [name, path] of [
    ['Laboratory', 'lab/'],
    ['MCUboot', 'lab/mcuboot/'],
    ['Dump', 'lab/dump/'],
    ['Flasher', 'flasher/'],
    ['Docs', 'docs/'],
  ] as const) {
    await nav.getByRole('link', { name }).click();
    await page.waitForURL(`**/${path}`);
    expect(await here.allTextContents()).toEqual([name]);
  }
  expect(faults).toEqual([]);
});

const background = 'getComputedStyle(document.documentElement).backgroundColor';

test('a theme is chosen, kept on every page, and given up again', async (context) => {
  const { page, faults } = await visit(context, 'docs/', { theme: 'light', size: PHONE });
  const light = await page.evaluate(background);
  const theme = page.getByLabel('Theme');
  await theme.selectOption('dark');
  const dark = await page.evaluate(background);
  expect(dark).not.toBe(light);
  expect(await axeViolations(page)).toEqual([]);

  await page.getByRole('link', { name: 'Flasher', exact: true }).click();
  await page.waitForURL('**/flasher/');
  expect(await page.evaluate(background)).toBe(dark);
  expect(await theme.inputValue()).toBe('dark');

  await theme.selectOption('auto');
  expect(await page.evaluate(background)).toBe(light);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await page.evaluate(background)).toBe(dark);
  expect(faults).toEqual([]);
});

test('a page works where the browser keeps nothing', async (context) => {
  const before = `Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })`;
  const { page, faults } = await visit(context, '', { before });
  await page.getByLabel('Theme').selectOption('dark');
  expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  expect(faults).toEqual([]);
});

test('nothing moves for whoever wants less of it', async (context) => {
  const { page } = await visit(context, '', { reducedMotion: true });
  const longest = await page.evaluate(`(() => {
    const within = (root) => [...root.querySelectorAll('*')].flatMap((element) =>
      [element, ...(element.shadowRoot ? within(element.shadowRoot) : [])]);
    const seconds = (list) => list.split(', ').map(parseFloat);
    return Math.max(...within(document).flatMap((element) => {
      const { transitionDuration, animationDuration, animationName } = getComputedStyle(element);
      return [...seconds(transitionDuration), ...(animationName === 'none' ? [] : seconds(animationDuration))];
    }));
  })()`);
  expect(longest).toBeLessThan(0.001);
});

test('the policy of a page lets nothing in that stands in its own text', async (context) => {
  const { page, faults } = await visit(context, '');
  await page.evaluate(`(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.wasRun = true';
    document.body.append(script);
    const style = document.createElement('div');
    style.innerHTML = '<p style="color: red">red</p>';
    document.body.append(style);
    return fetch('https://elsewhere.test/').catch(() => {});
  })()`);
  expect(await page.evaluate('globalThis.wasRun')).toBeUndefined();
  // By the header and by the page's own head, where no header is sent.
  expect(faults.filter((each) => each.includes('inline script'))).not.toEqual([]);
  expect(faults.filter((each) => each.includes('inline style'))).not.toEqual([]);
  expect(
    faults.filter((each) => each.includes('Refused to connect') || each.includes('connect-src')),
  ).not.toEqual([]);
});
