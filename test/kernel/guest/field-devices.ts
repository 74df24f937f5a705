import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Bench, Ended } from './bench.ts';
import { dfukit } from './board.ts';
import type { Scenario } from './scenario.ts';

/* The devices of test/support/field-devices: dfu-util and this project's own program, each on a fresh one. */

/** The program that lends them, in the folder of the images. */
export const fieldServer = 'field-server.js';

/** How long the kernel may take to see that one came or went. */
const LIMIT_MS = 60_000;
const DEVICES = '/sys/bus/usb/devices';

interface Try {
  readonly program: 'dfu-util' | 'dfukit';
  readonly args: readonly string[];
  readonly exit: number;
  readonly memory: string;
  readonly says?: string;
  readonly outBytes?: number;
}

interface Case {
  readonly name: string;
  readonly dialect: string;
  /** As it is on the bus at first. */
  readonly id: string;
  /** In base64. */
  readonly file: string;
  readonly tries: readonly Try[];
}

type Answer = Readonly<Record<string, unknown>>;

/** A program that is asked line by line. */
class Talk {
  readonly #lines: AsyncIterator<string>;
  readonly #write: (line: string) => void;

  constructor(bench: Bench, [command, ...args]: readonly [string, ...string[]]) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    this.#write = (line) => child.stdin.write(line);
    bench.atEnd(() => {
      child.kill();
    });
  }

  send(what: unknown): void {
    this.#write(`${JSON.stringify(what)}\n`);
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    assert.ok(done !== true, 'the other program is there');
    return value;
  }
}

/** What a scenario works with. */
interface Room {
  readonly bench: Bench;
  /** The program that lends the devices. */
  readonly server: Talk;
  /** This project's own. */
  readonly own: Talk;
}

async function answer(server: Talk, command?: object): Promise<Answer> {
  if (command !== undefined) server.send(command);
  const said = JSON.parse(await server.line()) as Answer;
  assert.equal(said['error'], undefined);
  return said;
}

/** This project's own program, with these words. */
async function ran({ bench, own }: Room, args: readonly string[]): Promise<Ended> {
  bench.note(`$ dfukit ${args.join(' ')}`);
  own.send(args);
  let output = '';
  for (;;) {
    const line = await own.line();
    const [said = '', status] = line.split('\0');
    output += `${said}\n`;
    if (status !== undefined) {
      bench.note(`${output}=> ${status}`);
      return { status: Number(status), output };
    }
  }
}

/** Until the kernel has a device with that id, or none. */
async function there(bench: Bench, id: string, wanted: boolean): Promise<void> {
  const of = (device: string, name: string): string => {
    try {
      return readFileSync(`${DEVICES}/${device}/${name}`, 'utf8').trim();
    } catch {
      return '';
    }
  };
  const probe = (): true | undefined => {
    const ids = readdirSync(DEVICES).map(
      (each) => `${of(each, 'idVendor')}:${of(each, 'idProduct')}`,
    );
    return ids.includes(id) === wanted ? true : undefined;
  };
  await bench.until(`${id} is ${wanted ? '' : 'not '}there`, probe, LIMIT_MS);
  if (wanted) await bench.quietly('udevadm', ['settle', '--timeout=10']);
}

/** What is not as it should be. */
async function tried(
  room: Room,
  [number, each, one]: readonly [number, Case, Try],
): Promise<string[]> {
  const { bench, server } = room;
  const [file, out] = [bench.path('file'), bench.path('out')];
  writeFileSync(file, Buffer.from(each.file, 'base64'));
  rmSync(out, { force: true });
  await answer(server, { attach: number });
  await there(bench, each.id, true);
  const words = one.args.map((arg) => (arg === 'FILE' ? file : arg === 'OUT' ? out : arg));
  const { status, output } =
    one.program === 'dfukit'
      ? await ran(room, words)
      : await bench.run(one.program, words, { timeoutMs: 2 * LIMIT_MS });
  const { differs } = await answer(server, { judge: one.memory });
  await there(bench, each.id, false);
  const wrong: string[] = [];
  if (status !== one.exit) wrong.push(`exit ${status}, not ${one.exit}`);
  if (differs !== undefined) wrong.push(JSON.stringify(differs));
  if (one.says !== undefined && !new RegExp(one.says).test(output)) {
    wrong.push(`does not say ${one.says}`);
  }
  const outBytes = existsSync(out) ? statSync(out).size : undefined;
  if (outBytes !== one.outBytes) wrong.push(`${outBytes} bytes uploaded, not ${one.outBytes}`);
  const what = `${each.name}: ${one.program} ${one.args.join(' ')}`;
  return wrong.map((why) => `${what}: ${why}`);
}

/** Each device that speaks this, and all that is tried on it. */
async function tryAll(bench: Bench, dialect: string): Promise<void> {
  const [program = ''] = dfukit;
  const images = String(process.env['IMAGES']);
  const server = new Talk(bench, [process.execPath, `${images}/${fieldServer}`]);
  const runner = `exec "$0" "$1/command-runner.js" "$2" 2>&1`;
  const own = new Talk(bench, ['sh', '-c', runner, process.execPath, images, program]);
  const { cases } = (await answer(server)) as unknown as { readonly cases: readonly Case[] };
  const wrong: string[] = [];
  for (const [number, each] of cases.entries()) {
    if (each.dialect !== dialect) continue;
    bench.note(`--- ${each.name}`);
    for (const one of each.tries)
      wrong.push(...(await tried({ bench, server, own }, [number, each, one])));
  }
  assert.deepEqual(wrong, []);
}

export const fieldDevices: readonly Scenario[] = [
  {
    name: 'DfuSe devices as they are in the field: dfu-util and dfukit',
    run: (bench) => tryAll(bench, 'dfuse'),
  },
  {
    name: 'DFU devices as they are in the field: dfu-util and dfukit',
    run: (bench) => tryAll(bench, 'dfu'),
  },
];
