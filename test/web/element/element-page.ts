import { resolve } from 'node:path';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, expect, inject } from 'vitest';
import type { TestContext } from 'vitest';
import type { DfuFlasherElement } from '../../../src/dfu-flasher/public.ts';
import type { FlowState } from '../../../src/flow/index.ts';
import { missingBrowser } from '../../package/chromium.ts';
import { need } from '../../support/needs.ts';
import { axeViolations, faultsOf, overflowPx } from '../site.ts';
import { elementFiles } from './element-files.ts';
import { PagePort } from './served-board.ts';
import type { ServedBoard } from './served-board.ts';

const root = resolve(import.meta.dirname, '../../..');

const bundledBridge = (): string => {
  const { outputFiles } = esbuild.buildSync({
    entryPoints: [resolve(import.meta.dirname, 'page/bridge.ts')],
    tsconfig: resolve(root, 'tsconfig.web.json'),
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
};

let bridge: string | undefined;
let browser: Promise<Browser> | undefined;

afterAll(async () => {
  const started = await browser;
  browser = undefined;
  await started?.close();
});

const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  json: 'application/json',
};

const STYLE = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body { margin: 8px; }
`;

/** A machine that is busy with something else takes long. */
export const WAIT = { timeout: 60_000 };

/** How a page with the element is opened. */
export interface ElementPageOptions {
  /** What stands in the page's body; default: the element alone. */
  readonly body?: string | undefined;
  /** Files beside the page, by their names. */
  readonly files?: Readonly<Record<string, string | Uint8Array | undefined>> | undefined;
  /** Default: one that has WebUSB and is secure. */
  readonly origin?: string | undefined;
  /** More headers of the page. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** In the page before anything of its own. */
  readonly before?: string | undefined;
  readonly width?: number | undefined;
  readonly theme?: 'light' | 'dark' | undefined;
}

type SettableProperties = Partial<Pick<DfuFlasherElement, 'manifest' | 'channel' | 'expectedKey'>>;

/** A page of a maker's, under the strictest policy, with the element in it. */
export class ElementPage {
  readonly page: Page;
  /** Errors and warnings of the console, what nobody caught, requests that failed or left the origin. */
  readonly faults: readonly string[];
  readonly #ports: PagePort[] = [];

  private constructor(page: Page, faults: readonly string[]) {
    this.page = page;
    this.faults = faults;
  }

  static async open(context: TestContext, options: ElementPageOptions = {}): Promise<ElementPage> {
    need(context, missingBrowser());
    const site = inject('site');
    if (site === undefined) throw new Error('expected a browser, see test/web/setup.ts');
    browser ??= chromium.connect(site.browser);
    const { width = 600, theme = 'light', origin = 'https://maker.test' } = options;
    const profile = await (
      await browser
    ).newContext({ viewport: { width, height: 800 }, colorScheme: theme });
    context.onTestFinished(() => profile.close());
    const page = await profile.newPage();
    const opened = new ElementPage(page, faultsOf(page, origin));
    await page.exposeFunction('toTest', async (id: number, message: string) => {
      await opened.#ports[id]?.hear(message);
    });
    if (options.before !== undefined) await page.addInitScript(options.before);
    await serve(page, options);
    await page.goto(`${origin}/`);
    return opened;
  }

  get element(): Locator {
    return this.page.locator('dfu-flasher').first();
  }

  /** The board as the element's bus; `asking`: behind a list that a person chooses from, as in a browser. */
  async plug(
    board: ServedBoard,
    { asking = false, at = 0 }: { readonly asking?: boolean; readonly at?: number } = {},
  ): Promise<PagePort> {
    const id = this.#ports.length;
    const port = new PagePort(
      (message) => void this.page.evaluate(hand, [id, message] as const).catch(() => undefined),
    );
    this.#ports.push(port);
    // A page that is not the test's own does not have it.
    if (!(await this.page.evaluate('"bridge" in globalThis')))
      await this.page.addScriptTag({ url: '/bridge.js', type: 'module' });
    await this.page.evaluate(give, { id, asking, at });
    board.lend(port);
    return port;
  }

  button(name: string | RegExp): Locator {
    return this.element.getByRole('button', { name });
  }

  state(): Promise<FlowState> {
    return this.element.evaluate((element) => (element as unknown as { state: FlowState }).state);
  }

  /** The one line that is read aloud. */
  get status(): Locator {
    return this.element.getByRole('status');
  }

  /** Resolves with the state once it is that one. */
  async reached<Step extends FlowState['step']>(
    step: Step,
  ): Promise<Extract<FlowState, { readonly step: Step }>> {
    const now = await this.element.evaluate(whenReached, step);
    return now as Extract<FlowState, { readonly step: Step }>;
  }

  /** Chooses a file in the system's dialogue. */
  async pick(name: string, bytes: Uint8Array): Promise<void> {
    const [dialogue] = await Promise.all([
      this.page.waitForEvent('filechooser'),
      this.button('Choose a file…').click(),
    ]);
    const mimeType = 'application/octet-stream';
    await dialogue.setFiles({ name, mimeType, buffer: Buffer.from(bytes) });
  }

  /** Until that file was looked at. */
  chose(name: string): Promise<void> {
    return untilChosen(this, name);
  }

  /** Flashes to the end or to a refusal, and says where to if somebody has to: before, or once the device is in DFU mode. */
  async flashTo(place: string | undefined): Promise<void> {
    for (;;) {
      const state = await this.state();
      if (state.step !== 'chosen' || state.file.refused !== undefined) return;
      if (!state.file.isReady) {
        await this.element.getByLabel(place ?? 'no place was told').check();
        await this.chose(state.file.name);
      } else {
        await this.button('Flash').click();
        await this.element.evaluate(whenStill);
      }
    }
  }

  /** What has the focus in the element, by its words. */
  focused(): Promise<string> {
    return this.element.evaluate(
      ({ shadowRoot }) => shadowRoot?.activeElement?.textContent?.trim() ?? '',
    );
  }

  /** To a button, by the keyboard. */
  async tabTo(name: string): Promise<void> {
    for (let presses = 0; presses < 20; presses += 1) {
      if ((await this.focused()) === name) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`the keyboard does not come to "${name}"`);
  }

  /** What the browser's list was asked for, each time. */
  async asked(): Promise<readonly unknown[]> {
    return (await this.page.evaluate('bus0.asked')) as readonly unknown[];
  }

  /** Sets properties of the element. */
  async set(properties: SettableProperties): Promise<void> {
    const plain: object = properties;
    await this.element.evaluate((element, given) => void Object.assign(element, given), plain);
  }

  axe(): Promise<string[]> {
    return axeViolations(this.page);
  }

  /** What every state has to be: without faults, without barriers, and no wider than its window. */
  expectSound(): Promise<void> {
    return expectNothingWrong(this);
  }
}

async function untilChosen(opened: ElementPage, name: string): Promise<void> {
  const shown = async (): Promise<string> => {
    const state = await opened.state();
    return state.step === 'chosen' ? state.file.name : state.step;
  };
  await expect.poll(shown, WAIT).toBe(name);
}

async function expectNothingWrong({ page, faults }: ElementPage): Promise<void> {
  expect(await axeViolations(page)).toEqual([]);
  expect(await overflowPx(page)).toBe(0);
  expect(faults).toEqual([]);
}

/** Answers everything that the page asks for, under a policy that allows nothing but its own files. */
async function serve(page: Page, options: ElementPageOptions): Promise<void> {
  const { body = '<dfu-flasher></dfu-flasher>', headers = {} } = options;
  bridge ??= bundledBridge();
  const files: Record<string, string | Uint8Array | undefined> = {
    'index.html': `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Update</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <link rel="stylesheet" href="style.css">
      <script type="module" src="dfu-flasher.js"></script>
      <script type="module" src="bridge.js"></script></head>
      <body><main><h1>Update</h1>${body}</main></body></html>`,
    'style.css': STYLE,
    ...Object.fromEntries(elementFiles),
    'bridge.js': bridge,
    ...options.files,
  };
  await page.route('**/*', async (route) => {
    const path = new URL(route.request().url()).pathname.slice(1) || 'index.html';
    const file = files[path];
    if (file === undefined) {
      await route.fulfill({ status: path === 'favicon.ico' ? 204 : 404 });
      return;
    }
    await route.fulfill({
      contentType: types[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      headers: { 'content-security-policy': "default-src 'self'", ...headers },
      body: typeof file === 'string' ? file : Buffer.from(file),
    });
  });
}

interface Bridge {
  readonly bus: (id: number) => unknown;
  readonly asking: (id: number) => unknown;
  readonly fromTest: (id: number, message: string) => void;
}

/** What of an element is asked here: where it stands, and whether it shows that. */
interface Flasher {
  readonly state: { readonly step: string };
  readonly updateComplete: Promise<unknown>;
}

// In the page.

function hand([id, message]: readonly [number, string]): void {
  (globalThis as unknown as { bridge: Bridge }).bridge.fromTest(id, message);
}

function give({ id, asking, at }: { id: number; asking: boolean; at: number }): void {
  const { bridge: ours } = globalThis as unknown as { bridge: Bridge };
  const element = document.querySelectorAll('dfu-flasher')[at];
  const bus = asking ? ours.asking(id) : ours.bus(id);
  Object.assign(globalThis, { [`bus${at}`]: bus });
  Object.assign(element ?? {}, { bus });
}

/** Until that step is shown. */
function whenReached(element: Element, step: string): Promise<unknown> {
  const flasher = element as unknown as Flasher;
  return new Promise((done) => {
    const look = (): void => {
      if (flasher.state.step !== step) return;
      element.removeEventListener('dfu-state', look);
      done(flasher.updateComplete.then(() => flasher.state));
    };
    element.addEventListener('dfu-state', look);
    look();
  });
}

/** Until nothing is under way any more. */
function whenStill(element: Element): Promise<void> {
  const flasher = element as unknown as Flasher;
  return new Promise((done) => {
    const look = (): void => {
      if (flasher.state.step === 'working') return;
      element.removeEventListener('dfu-state', look);
      done(flasher.updateComplete.then(() => undefined));
    };
    element.addEventListener('dfu-state', look);
    look();
  });
}
