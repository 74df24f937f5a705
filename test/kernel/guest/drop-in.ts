import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { BoardProcess, dfukit } from './board.ts';
import { loaderLines, riotLines, runTimeLines, twoLines, zephyrLines } from './drop-in-lines.ts';
import type { BoardLine } from './drop-in-lines.ts';
import { flashHolding, imagePath } from './flash.ts';
import { HELLO_0, HELLO_1 } from './images.ts';
import { judged } from './program-comparison.ts';
import type { Ran } from './program-comparison.ts';
import type { Scenario } from './scenario.ts';
import { REEL, ZephyrBench } from './zephyr-board.ts';

/*
 * dfu-util, and this project's program with its command line, are given the same command lines, each the same board.
 */

type Program = 'dfu-util' | 'dfukit';

const LIMIT_MS = 120_000;

/** This project's own program in a process that is there already, one command line after the other. */
class Driver {
  readonly #bench: Bench;
  readonly #child: ChildProcessWithoutNullStreams;
  #out = '';
  #err = '';
  #wake: () => void = () => {};

  constructor(bench: Bench) {
    this.#bench = bench;
    const script = join(import.meta.dirname, 'drop-in-driver.js');
    this.#child = spawn(process.execPath, [script, ...dfukit], { cwd: bench.folder });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#out += chunk.toString();
      this.#wake();
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#err += chunk.toString();
      this.#wake();
    });
    this.#child.on('close', () => this.#wake());
    bench.atEnd(() => this.end());
  }

  async run(args: readonly string[]): Promise<Ran> {
    this.#out = '';
    this.#err = '';
    this.#child.stdin.write(`${JSON.stringify(['dfu-util', ...args])}\n`);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), LIMIT_MS);
    while (!(END.test(this.#out) && END.test(this.#err))) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`the driver has ended: ${this.#out}${this.#err}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    clearTimeout(timer);
    const status = Number(END.exec(this.#out)?.[1]);
    this.#bench.note(`(dfukit) dfu-util ${args.join(' ')} => ${status}`);
    const [out, err] = [this.#out.replace(END, ''), this.#err.replace(END, '')];
    return { status, out, err, left: takeFiles(this.#bench) };
  }

  end(): void {
    this.#child.stdin.end();
  }
}

/** What the driver says behind each answer. */
const END = /-- end of answer: (\d+)\n$/;

async function runLine(bench: Bench, program: Program, args: readonly string[]): Promise<Ran> {
  const [command, first] =
    program === 'dfukit' ? [process.execPath, [...dfukit, 'dfu-util']] : ['dfu-util', []];
  const child = spawn(command, [...first, ...args], {
    cwd: bench.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  }).finally(() => clearTimeout(timer));
  bench.note(`${program} ${args.join(' ')} => ${status}`);
  return { status, out, err, left: takeFiles(bench) };
}

/** What an upload has left, which is then removed. */
function takeFiles(bench: Bench): string {
  const names = readdirSync(bench.folder).filter((name) => !before(bench).has(name));
  return names
    .toSorted()
    .map((name) => {
      const digest = createHash('sha256')
        .update(readFileSync(bench.path(name)))
        .digest('hex');
      rmSync(bench.path(name));
      return `${name} ${digest}`;
    })
    .join('\n');
}

const kept = new WeakMap<Bench, Set<string>>();

/** The files that were there before the first line. */
function before(bench: Bench): Set<string> {
  const names = kept.get(bench) ?? new Set(readdirSync(bench.folder));
  kept.set(bench, names);
  return names;
}

interface Stage {
  readonly board: BoardProcess;
  /** After it has ended: what its flash holds. */
  readonly flash: () => string;
}

async function play(
  bench: Bench,
  program: Program,
  lines: readonly BoardLine[],
  start: () => Promise<Stage>,
): Promise<readonly Ran[]> {
  const { board, flash } = await start();
  const { output } = await bench.quietly('dfu-util', ['-l']);
  const [, devnum = '', path = ''] = /devnum=(\d+).*path="([^"]*)"/.exec(output) ?? [];
  before(bench);
  const all: Ran[] = [];
  const driver = program === 'dfukit' ? new Driver(bench) : undefined;
  for (const [at, { args, comesBack, command }] of lines.entries()) {
    const words = args.map((word) => word.replace('{devnum}', devnum).replace('{path}', path));
    // The first as a user starts it.
    const isStarted = driver === undefined || at === 0;
    all.push(await (isStarted ? runLine(bench, program, words) : driver.run(words)));
    if (comesBack !== undefined) await board.configured(comesBack);
    if (command !== undefined) {
      board.send(command);
      await board.configured('1209:7d00');
    }
  }
  driver?.end();
  await board.quit();
  return [...all, { status: 0, out: '', err: '', left: flash() }];
}

/** Both programs from the same start; they differ in what a row of the table tells of, and in nothing else. */
async function compare(
  bench: Bench,
  lines: readonly BoardLine[],
  start: () => Promise<Stage>,
): Promise<void> {
  const theirs = await play(bench, 'dfu-util', lines, start);
  const ours = await play(bench, 'dfukit', lines, start);
  const wrong: string[] = [];
  for (const [at, each] of [...lines, { args: ['(the flash)'] }].entries()) {
    const pair = { theirs: theirs[at] as Ran, ours: ours[at] as Ran };
    const { differences } = judged(each, pair, bench.folder);
    wrong.push(...differences.map((text) => `dfu-util ${each.args.join(' ')}\n    ${text}`));
  }
  assert.equal(wrong.join('\n\n'), '');
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** The files for a riotboot: firmware, and what it refuses. */
function riotFiles(bench: Bench): void {
  const wrong = Buffer.alloc(300, 1);
  writeFileSync(bench.path('wrong.bin'), wrong);
  writeFileSync(bench.path('first.bin'), readFileSync(imagePath(HELLO_0)));
  writeFileSync(bench.path('second.bin'), readFileSync(imagePath(HELLO_1)));
}

async function suffixed(
  bench: Bench,
  from: string,
  to: string,
  ...ids: readonly string[]
): Promise<void> {
  writeFileSync(bench.path(to), readFileSync(bench.path(from)));
  const { status } = await bench.run('dfu-suffix', [...ids, '-a', to]);
  assert.equal(status, 0, 'exit status of dfu-suffix');
}

async function prefixed(
  bench: Bench,
  from: string,
  to: string,
  ...kind: readonly string[]
): Promise<void> {
  writeFileSync(bench.path(to), readFileSync(bench.path(from)));
  const { status } = await bench.run('dfu-prefix', [...kind, '-a', to]);
  assert.equal(status, 0, 'exit status of dfu-prefix');
}

/** A DfuSe file as ST's tools make it; its suffix comes later. */
function dfuseFile(...targets: readonly DfuSeTarget[]): Buffer {
  const bodies = targets.map(({ alternate, elements }) => {
    const parts = elements.map(([address, data]) => {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(address, 0);
      head.writeUInt32LE(data.length, 4);
      return Buffer.concat([head, data]);
    });
    const body = Buffer.concat(parts);
    const head = Buffer.alloc(274);
    head.write('Target');
    head[6] = alternate;
    head.writeUInt32LE(1, 7);
    head.write('memory', 11);
    head.writeUInt32LE(body.length, 266);
    head.writeUInt32LE(elements.length, 270);
    return Buffer.concat([head, body]);
  });
  const all = Buffer.concat(bodies);
  const head = Buffer.alloc(11);
  head.write('DfuSe');
  head[5] = 1;
  head.writeUInt32LE(head.length + all.length, 6);
  head[10] = targets.length;
  return Buffer.concat([head, all]);
}

interface DfuSeTarget {
  readonly alternate: number;
  readonly elements: readonly (readonly [number, Buffer])[];
}

const FLASH_BYTES = 128 * 1024;
const pattern = Buffer.from(Uint8Array.from({ length: FLASH_BYTES }, (_, at) => at * 7));

async function loaderFiles(bench: Bench): Promise<void> {
  writeFileSync(bench.path('part.bin'), pattern.subarray(1, 5001));
  writeFileSync(bench.path('small.bin'), pattern.subarray(1, 301));
  await prefixed(bench, 'small.bin', 'lpc.bin', '-L');
  await prefixed(bench, 'small.bin', 'stellaris.bin', '-s', '0x2000');
  const start = 0x08000000;
  const images = {
    one: dfuseFile({
      alternate: 0,
      elements: [
        [start, pattern.subarray(3, 3003)],
        [start + 0x1000, pattern.subarray(5, 105)],
      ],
    }),
    two: dfuseFile(
      { alternate: 0, elements: [[start, pattern.subarray(3, 303)]] },
      { alternate: 7, elements: [[start, pattern.subarray(3, 13)]] },
    ),
    cut: dfuseFile({ alternate: 0, elements: [[start, pattern]] }).subarray(0, 200),
  };
  for (const [name, bytes] of Object.entries(images)) {
    writeFileSync(bench.path(name), bytes);
    await suffixed(bench, name, `${name}.dfu`, '-v', '0483', '-p', 'df11', '-S', '011a');
  }
}

const ATTACHED = ['--attach', '--serial', 'ABC'] as const;

export const dropIn: readonly Scenario[] = [
  {
    name: 'dfukit dfu-util and dfu-util: a riotboot in DFU mode',
    async run(bench) {
      riotFiles(bench);
      await suffixed(bench, 'wrong.bin', 'good.dfu', '-v', '1209', '-p', '7d02');
      await suffixed(bench, 'wrong.bin', 'foreign.dfu', '-v', '1234', '-p', '5678');
      const damaged = readFileSync(bench.path('good.dfu'));
      damaged[10] = 0xff;
      writeFileSync(bench.path('damaged.dfu'), damaged);
      await compare(bench, riotLines, async () => {
        const flash = flashHolding(bench);
        const board = await BoardProcess.attached(bench, '--flash', flash, '--serial', 'ABC');
        return { board, flash: () => hashOf(flash) };
      });
    },
  },
  {
    name: 'dfukit dfu-util and dfu-util: a firmware with the run-time function',
    async run(bench) {
      riotFiles(bench);
      await compare(bench, runTimeLines, async () => {
        const flash = flashHolding(bench, HELLO_0);
        const board = await BoardProcess.run(bench, ...ATTACHED, '--flash', flash);
        await board.configured('1209:7d00');
        return { board, flash: () => hashOf(flash) };
      });
    },
  },
  {
    name: "dfukit dfu-util and dfu-util: Zephyr's sample",
    async run(bench) {
      writeFileSync(bench.path('part.bin'), pattern.subarray(0, 3000));
      writeFileSync(bench.path('large.bin'), pattern.subarray(0, 17 * 1024));
      await compare(bench, zephyrLines, async () => {
        const { board, sample } = await ZephyrBench.start(bench, REEL);
        const spoilt = readFileSync(sample);
        // Behind its header: what stands at its end does not fit any more.
        spoilt[3000] = 0x55 ^ (spoilt[3000] ?? 0);
        writeFileSync(bench.path('spoilt.bin'), spoilt);
        return { board, flash: () => hashOf(bench.path('flash.bin')) };
      });
    },
  },
  {
    name: "dfukit dfu-util and dfu-util: the STM32's loader",
    async run(bench) {
      await loaderFiles(bench);
      await compare(bench, loaderLines, async () => {
        writeFileSync(bench.path('flash.bin'), pattern);
        const flash = ['--flash', bench.path('flash.bin')];
        const board = await BoardProcess.run(bench, 'stm32f072b_disco', ...ATTACHED, ...flash);
        await board.configured('0483:df11');
        return { board, flash: () => hashOf(bench.path('flash.bin')) };
      });
    },
  },
  {
    name: 'dfukit dfu-util and dfu-util: two boards at once',
    async run(bench) {
      riotFiles(bench);
      await compare(bench, twoLines, async () => {
        const other = await BoardProcess.attached(bench, '--serial', 'A');
        const board = await BoardProcess.attached(bench, '--serial', 'B');
        const quit = board.quit.bind(board);
        board.quit = async () => {
          await quit();
          await other.quit();
        };
        return { board, flash: () => '' };
      });
    },
  },
];
