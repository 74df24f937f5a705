import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Declarations, keyOf } from './declarations.ts';
import type { Declaration } from './declarations.ts';

const root = resolve(import.meta.dirname, '../..');
const golden = join(import.meta.dirname, 'faces');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
};

const subpaths = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ subpath, types: target.types }],
);

/** `./boot/mcuboot` in `boot-mcuboot.txt`; the package itself in `dfukit.txt`. */
function fileOf(subpath: string): string {
  return `${subpath === '.' ? 'dfukit' : subpath.slice(2).replaceAll('/', '-')}.txt`;
}

/** The subpaths from which a declaration can be had. */
type Homes = ReadonlyMap<string, string>;

function asText({ name, text: whole }: Declaration): string {
  const plain = whole.replaceAll(/^(?:export )?(?:declare )?/gm, '');
  const says = new RegExp(`\\b${name.replaceAll('$', String.raw`\$`)}\\b`);
  return says.test(plain) ? plain : `// as ${name}\n${plain}`;
}

/** What is named elsewhere, a line a subpath. */
function importsOf(others: readonly Declaration[], homes: Homes): string[] {
  const byHome = new Map<string, string[]>();
  for (const each of others) {
    const home = homes.get(keyOf(each)) ?? '';
    byHome.set(home, [...(byHome.get(home) ?? []), each.name]);
  }
  return [...byHome]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([home, names]) => `import { ${names.toSorted().join(', ')} } from 'dfukit${home.slice(1)}';`,
    );
}

/** As a file that is read in a diff: a declaration a paragraph, in the order of their names. */
function page(
  subpath: string,
  {
    face,
    others,
    homes,
  }: {
    readonly face: readonly Declaration[];
    readonly others: readonly Declaration[];
    readonly homes: Homes;
  },
): string {
  const nameless = others.filter((each) => !homes.has(keyOf(each)));
  const more =
    nameless.length === 0
      ? []
      : ['// spoken of above, and without a name anywhere', ...nameless.map(asText)];
  const imports = importsOf(
    others.filter((each) => homes.has(keyOf(each))),
    homes,
  );
  const head = [`// dfukit${subpath.slice(1)}`, ...imports].join('\n');
  return `${[head, ...face.map(asText), ...more].join('\n\n')}\n`;
}

/** The compiler alone takes two seconds; a busy machine takes what it takes. */
const COMPILER_LIMIT_MS = 300_000;

/** Changing what stands there breaks whoever uses it: the golden files make that a decision. */
describe('the public face', () => {
  const built = mkdtempSync(join(tmpdir(), 'dfukit-face-'));
  let declarations: Declarations;
  const homes = new Map<string, string>();

  beforeAll(() => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    for (const project of ['tsconfig.json', 'src/dfu-flasher/tsconfig.types.json']) {
      const made = spawnSync(
        process.execPath,
        [compiler, '-p', project, '--emitDeclarationOnly', '--outDir', built],
        { cwd: root, encoding: 'utf8' },
      );
      if (made.status !== 0) throw new Error(`tsc: ${made.stdout}${made.stderr}`);
    }
    declarations = new Declarations();
    for (const { subpath, types } of subpaths) {
      for (const each of declarations.face(types.replace('./dist', built))) {
        if (!homes.has(keyOf(each))) homes.set(keyOf(each), subpath);
      }
    }
  }, COMPILER_LIMIT_MS);

  afterAll(() => rmSync(built, { recursive: true, force: true }));

  test.each(subpaths)('of $subpath', async ({ subpath, types }) => {
    const face = declarations.face(types.replace('./dist', built));
    const others = declarations.spokenOf(face, (each) => homes.has(keyOf(each)));
    const text = page(subpath, { face, others, homes });
    await expect(text).toMatchFileSnapshot(join(golden, fileOf(subpath)));
  });

  test('has a golden file for each subpath and no other', () => {
    expect(readdirSync(golden).toSorted()).toEqual(
      subpaths.map(({ subpath }) => fileOf(subpath)).toSorted(),
    );
  });
});
