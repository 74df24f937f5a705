import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as esbuild from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as vite from 'vite';
import { prepareBuild } from '../support/built-cli.ts';
import { need } from '../support/needs.ts';
import { missingBrowser, outcomeInChromium } from './chromium.ts';
import { installPackage, lend, output, root } from './installed.ts';
import type { Installed } from './installed.ts';

let consumer: Installed;

beforeAll(() => {
  prepareBuild();
  consumer = installPackage();
  lend(consumer, '@types/node', 'undici-types', '@types/w3c-web-usb');
});

afterAll(() => {
  rmSync(consumer.folder, { recursive: true, force: true });
});

/** What runs anywhere must come to. */
const anywhere = {
  ending: 'manifested',
  received: 'sent over a cable that is none',
  boot: 'application: primary slot',
  ran: 'a program of another kind',
};

/** And in a page, which may use no device. */
const inPage = { ...anywhere, web: 0, listed: 0 };

/** And in Node, with a worker. */
const inNode = {
  ...anywhere,
  printed: [
    'Hello World!',
    'You are running dfukit on a(n) particle-xenon board.',
    'This board features a(n) nRF52840 CPU.',
    'Slot 0, version 7.',
  ],
  executes: true,
};

/** What the consumer's program prints, from that file of its folder. */
function runInNode(file: string): unknown {
  return JSON.parse(output(process.execPath, [file], consumer.folder));
}

const PAGE =
  '<!doctype html><meta charset="utf-8"><script type="module" src="/browser.js"></script>';

const optionSets: readonly (readonly [string, BuildOptions])[] = [
  ['no options', {}],
  ['--minify', { minify: true }],
  ['--keep-names', { keepNames: true }],
  ['--target=es2017', { target: 'es2017' }],
  ['all of them', { minify: true, keepNames: true, target: 'es2017' }],
];

describe('the package', () => {
  test('has no map without its source, no test, no site, and what its exports name', () => {
    const paths = new Set(consumer.files.map(({ path }) => path));
    const maps = [...paths].filter((path) => path.endsWith('.map'));
    const sources = maps.flatMap((path) => sourcesOf(path));
    expect(sources.filter((path) => !paths.has(path))).toEqual([]);
    expect([...paths].filter((path) => path.includes('.test.'))).toEqual([]);
    expect([...paths].filter((path) => /^(?:web|dist-\w+)\//.test(path))).toEqual([]);
    const said = [...paths].filter((path) => path.endsWith('.js')).filter((path) => namesMap(path));
    expect(said.filter((path) => !paths.has(`${path}.map`))).toEqual([]);
  });

  test('has what its pages link to', () => {
    const paths = consumer.files.map(({ path }) => path);
    const dead = paths
      .filter((path) => path.endsWith('.md'))
      .flatMap((page) =>
        [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => ({
          page,
          target: join(dirname(page), target),
        })),
      )
      .filter(({ target }) => !paths.includes(target));
    expect(dead).toEqual([]);
  });

  test('is built before it is packed, in a checkout that was not', () => {
    const checkout = join(consumer.folder, 'checkout');
    for (const name of readdirSync(root)) {
      if (/^(?:\.git|dist.*|node_modules|coverage|test|bench)$/.test(name)) continue;
      cpSync(join(root, name), join(checkout, name), { recursive: true });
    }
    // Its packages are this one's; older than they are is the list, so that nothing is installed.
    utimesSync(join(checkout, 'package-lock.json'), 0, 0);
    const packages = join(root, 'node_modules');
    mkdirSync(join(checkout, 'node_modules'));
    for (const name of readdirSync(packages)) {
      if (name !== '.cache')
        symlinkSync(join(packages, name), join(checkout, 'node_modules', name));
    }
    const said = output('npm', ['pack', '--dry-run', '--json'], checkout);
    const [packed] = JSON.parse(said) as readonly Pick<Installed, 'files'>[];
    const packedPaths = packed?.files.map(({ path }) => path).toSorted();
    expect(packedPaths).toEqual(consumer.files.map(({ path }) => path).toSorted());
  });

  test('is installed without what is optional', () => {
    const there = ['rolldown', 'usb'].filter((name) =>
      existsSync(join(consumer.folder, 'node_modules', name)),
    );
    expect(there).toEqual([]);
  });
});

describe('a consumer’s types', () => {
  const compile = (options: object, files: readonly string[]): string => {
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      target: 'es2022',
      lib: ['es2023'],
      types: [],
      allowImportingTsExtensions: true,
      ...options,
    };
    const project = join(consumer.folder, 'tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions, files }));
    return output(join(root, 'node_modules/.bin/tsc'), ['-p', project], consumer.folder);
  };

  const whole = ['every-subpath.ts', 'node.ts'];
  test.each([
    ['nodenext', { module: 'nodenext' }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ])('%s: every subpath', (_, options) => {
    expect(compile({ ...options, types: ['node'] }, whole)).toBe('');
  });

  test('in a browser’s project, without Node’s', () => {
    const options = {
      module: 'esnext',
      moduleResolution: 'bundler',
      lib: ['es2023', 'dom'],
      types: ['w3c-web-usb'],
    };
    expect(compile(options, ['browser.ts', 'flasher.ts'])).toBe('');
  });
});

describe('in Node', () => {
  /** Strips the consumer's types; what it imports stays in its modules. */
  const transpile = (): string => {
    const bundle: BuildOptions = { bundle: true, packages: 'external', format: 'esm' };
    build({ ...bundle, entryPoints: ['node.ts'], outfile: 'plain/node.js', platform: 'node' });
    return 'plain/node.js';
  };

  test('as it is installed', () => {
    expect(runInNode(transpile())).toEqual(inNode);
  });

  test.each(optionSets)('bundled by esbuild with %s', (_, options) => {
    const common: BuildOptions = { bundle: true, format: 'esm', platform: 'node' };
    build({ ...common, ...options, entryPoints: ['node.ts'], outfile: 'esbuild/node.js' });
    expect(runInNode('esbuild/node.js')).toEqual(inNode);
  });

  test('every module transformed by itself with names kept, as tsx does', () => {
    const copy = join(consumer.folder, 'kept');
    const installed = join(copy, 'node_modules/dfukit');
    cpSync(consumer.installed, installed, { recursive: true });
    const modules = readdirSync(installed, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .map((file) => join(installed, file));
    const how: BuildOptions = { keepNames: true, target: 'node20', outdir: installed };
    const isCommand = (file: string): boolean => file.startsWith(join(installed, 'dist/cli'));
    const library = modules.filter((file) => !isCommand(file));
    build({ ...how, format: 'esm', entryPoints: library, outbase: installed });
    // The command line is CommonJS.
    build({ ...how, format: 'cjs', entryPoints: modules.filter(isCommand), outbase: installed });
    cpSync(join(consumer.folder, transpile()), join(copy, 'node.js'));
    writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
    expect(runInNode('kept/node.js')).toEqual(inNode);
  });

  test('bundled by Vite', async () => {
    await vite.build({
      root: consumer.folder,
      configFile: false,
      logLevel: 'error',
      ssr: { noExternal: true },
      build: { ssr: 'node.ts', outDir: 'vite-node', minify: true },
    });
    expect(runInNode('vite-node/node.js')).toEqual(inNode);
  });
});

describe('in Chromium', () => {
  test.for(optionSets)('bundled by esbuild with %s', async ([, options], context) => {
    need(context, missingBrowser());
    const page = join(consumer.folder, 'esbuild-page');
    const common: BuildOptions = { bundle: true, format: 'esm', platform: 'browser' };
    build({
      ...common,
      ...options,
      entryPoints: ['browser.ts'],
      outfile: 'esbuild-page/browser.js',
    });
    writeFileSync(join(page, 'index.html'), PAGE);
    expect(await outcomeInChromium(page)).toEqual(inPage);
  });

  /** What the page comes to that begins with the first of these. */
  const outcomeByVite = async (...files: readonly [string, ...string[]]): Promise<unknown> => {
    const from = join(consumer.folder, `vite-${files[0]}`);
    mkdirSync(from, { recursive: true });
    for (const file of files) cpSync(join(consumer.folder, file), join(from, file));
    writeFileSync(join(from, 'index.html'), PAGE.replace('browser.js', files[0]));
    await vite.build({ root: from, configFile: false, logLevel: 'error' });
    return outcomeInChromium(join(from, 'dist'));
  };

  test('bundled by Vite', async (context) => {
    need(context, missingBrowser());
    expect(await outcomeByVite('browser.ts', 'anywhere.ts')).toEqual(inPage);
  });

  test('the element is there for what it does: a bundler keeps it', async (context) => {
    need(context, missingBrowser());
    const options: BuildOptions = { bundle: true, format: 'esm', platform: 'browser' };
    build({ ...options, entryPoints: ['flasher.ts'], outfile: 'flasher-page/browser.js' });
    const page = join(consumer.folder, 'flasher-page');
    writeFileSync(join(page, 'index.html'), PAGE);
    expect(await outcomeInChromium(page)).toBe('idle');
    expect(await outcomeByVite('flasher.ts')).toBe('idle');
  });
});

/** Runs esbuild in the consumer's folder; what it warns of is a failure. */
function build(options: BuildOptions): void {
  const quiet: BuildOptions = {
    logLevel: 'silent',
    allowOverwrite: true,
    absWorkingDir: consumer.folder,
  };
  const { warnings } = esbuild.buildSync({ ...quiet, ...options });
  expect(warnings.map(({ text }) => text)).toEqual([]);
}

function textOf(path: string): string {
  return readFileSync(join(consumer.installed, path), 'utf8');
}

/** Paths in the tarball of the sources that a map speaks of. */
function sourcesOf(path: string): readonly string[] {
  const { sources } = JSON.parse(textOf(path)) as { readonly sources: readonly string[] };
  return sources.map((source) => join(dirname(path), source));
}

function namesMap(path: string): boolean {
  return textOf(path).includes('//# sourceMappingURL=');
}
