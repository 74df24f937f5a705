import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { prepareBuild } from '../support/built-cli.ts';
import { need } from '../support/needs.ts';
import type { MissingPart } from '../support/needs.ts';
import { blocksOf, commandsOf, filesOf, nameOf } from '../support/documents/blocks.ts';
import type { PrintedCommand } from '../support/documents/blocks.ts';
import { instead, isForKernel, pages } from '../support/documents/pages.ts';
import type { Page } from '../support/documents/pages.ts';
import { Stage } from './documents/stage.ts';
import { installPackage, lend, output, root } from './installed.ts';
import type { Installed } from './installed.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  'firmware/README.md',
  ...pages.map(({ path }) => path).filter((path) => path.startsWith('examples/')),
];

/** What the page's blocks tell its reader to type, but for those that the kernel has a part in. */
function typedHere(page: string): PrintedCommand[] {
  return blocksOf(read(page))
    .filter((block) => !isForKernel(block))
    .flatMap((block) => commandsOf(block));
}

interface Workflow {
  readonly path: string;
  readonly name: string;
  readonly commands: readonly string[];
}

/** The texts below any key that is called `run` or `script`. */
function scripts(node: unknown, isScript = false): string[] {
  if (typeof node === 'string') return isScript ? [node] : [];
  if (Array.isArray(node)) return node.flatMap((each) => scripts(each, isScript));
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, each]) =>
    scripts(each, key === 'run' || key === 'script'),
  );
}

/** The workflows that pages show, with their commands. */
function workflowsOf(): Workflow[] {
  return documents.flatMap((path) =>
    Object.entries(filesOf(read(path)))
      .filter(([name]) => /^\.git(?:hub|lab)\b.*\.yml$/.test(name))
      .map(([name, text]) => ({ path, name, commands: scripts(parse(text)) })),
  );
}

/** The port that boards and clients take where none is named must be nobody's. */
async function takenPort(): Promise<MissingPart | undefined> {
  const taken = await new Promise<boolean>((done) => {
    const socket = connect({ port: 3240, host: '127.0.0.1' });
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.once('close', () => {});
    socket.once('connect', () => socket.destroy());
  });
  if (!taken) return undefined;
  return { what: 'port 3240 for the boards of the documents', install: 'end what listens there' };
}

/** What the programs that a page shows need besides the package. */
function missingFor(path: string): MissingPart | undefined {
  const page = read(path);
  const python = blocksOf(page).some(({ language }) => language === 'python');
  if (python && spawnSync('python3', ['--version']).status !== 0)
    return { what: 'Python 3', install: 'apt-get install python3' };
  if (page.includes('mkfifo') && process.platform === 'win32')
    return { what: 'named pipes of POSIX', install: 'another system' };
  return undefined;
}

const words = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** The lines that a page shows and the output has not, in that order. A line that ends with … goes on. */
function notSaid(shown: readonly string[], said: string): string[] {
  const lines = said.split('\n').map((line) => words(line));
  let from = 0;
  return shown.filter((line) => {
    const wanted = words(line.replace(/…$/, ''));
    const open = line.endsWith('…');
    const found = lines.findIndex(
      (each, at) => at >= from && (open ? each.startsWith(wanted) : each === wanted),
    );
    if (found >= 0) from = found + 1;
    return found < 0;
  });
}

function statusOf(page: Page, { command, status }: PrintedCommand): number {
  const told = Object.entries(page.status ?? {}).find(([start]) => command.startsWith(start));
  return told?.[1] ?? status;
}

let consumer: Installed;
const stages: Stage[] = [];

beforeAll(() => {
  prepareBuild();
  consumer = installPackage();
  // What building a firmware of one's own needs, and is optional.
  lend(consumer, 'rolldown', '@rolldown', '@oxc-project');
  // And compression.
  lend(consumer, 'node-liblzma');
  // And scenarios in YAML.
  lend(consumer, 'yaml');
  lend(consumer, '@types/node', 'undici-types');
});
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.clear();
});
afterAll(() => {
  rmSync(consumer.folder, { recursive: true, force: true });
});

describe('the documents', () => {
  test('that print commands are those that are typed here', () => {
    const printing = documents.filter((path) => typedHere(path).length > 0);
    const kernel = documents.filter((path) =>
      blocksOf(read(path)).some((block) => isForKernel(block)),
    );
    // A page may be there for what its programs take for granted alone.
    const typed = pages.filter(
      ({ path, given }) => given === undefined || printing.includes(path) || kernel.includes(path),
    );
    expect(typed.map(({ path }) => path).toSorted()).toEqual(
      [...new Set([...printing, ...kernel])].toSorted(),
    );
  });

  test.each(documents)('%s has no command in a block that is none of commands', (path) => {
    const others = blocksOf(read(path)).filter(
      (block) => commandsOf(block).length === 0 && nameOf(block) === undefined,
    );
    const commands = others.flatMap(({ lines }) =>
      lines.filter((line) => /^(?:\$ |npx |npm |dfukit [a-z]|dfu-util |sudo )/.test(line)),
    );
    expect(commands).toEqual([]);
  });

  test.each(workflowsOf())('$path: $name runs what the page has typed', ({ path, commands }) => {
    const typed = new Set(typedHere(path).map(({ command }) => command));
    expect(commands.length).toBeGreaterThan(1);
    expect(commands.filter((each) => !typed.has(each) && !(each in instead))).toEqual([]);
  });

  test.for(pages)('$path: its commands, typed as printed', async (page, context) => {
    need(context, await takenPort());
    need(context, missingFor(page.path));
    const stage = new Stage(consumer.folder, page.path.replaceAll('/', '-'), page.env);
    stages.push(stage);
    const files = { ...page.files, ...filesOf(read(page.path)) };
    for (const [name, bytes] of Object.entries(files)) stage.write(name, bytes);
    for (const command of page.before ?? []) {
      const { status, said } = await stage.type(command);
      expect(`${command}: ${status}\n${said}`).toMatch(/: 0\n/);
    }
    for (const each of typedHere(page.path)) {
      const command = each.command in instead ? instead[each.command] : each.command;
      if (command === undefined) continue;
      const { status, said } = await stage.type(command);
      const right = { line: each.line, command, status: statusOf(page, each), notSaid: [] };
      const came = { ...right, status, notSaid: notSaid(each.shown, said) };
      const isRight = status === right.status && came.notSaid.length === 0;
      expect(isRight ? came : { ...came, said }).toEqual(right);
    }
  });
});

describe('the programs of the documents', () => {
  const programs = documents.flatMap((path) =>
    blocksOf(read(path))
      .filter(({ language }) => language === 'ts')
      .map(({ line, lines }) => ({ path, line, text: lines.join('\n') })),
  );

  test.each(programs)('$path:$line compiles for who has installed the package', (program) => {
    const folder = join(consumer.folder, 'programs');
    mkdirSync(folder, { recursive: true });
    const given = pages.find(({ path }) => path === program.path)?.given ?? '';
    writeFileSync(join(folder, 'program.ts'), `${given}\n${program.text}\nexport {};\n`);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2023'],
      module: 'nodenext',
      types: ['node'],
    };
    const project = join(folder, 'tsconfig.json');
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    expect(output(join(root, 'node_modules/.bin/tsc'), ['-p', project], folder)).toBe('');
  });
});
