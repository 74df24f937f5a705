import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromHex, toHex } from '../../../src/bytes/index.ts';
import { genhdr } from '../../../src/cli/genhdr/genhdr.ts';
import { diskFiles } from '../../../src/cli/shared/files.ts';
import { Collector, FakeTerminal } from '../fake-terminal.ts';
import { attempt, differ, differInBytes } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import type { RiotbootFolder } from '../riotboot-vectors.ts';

interface Generation {
  readonly args: readonly string[];
  readonly exit: number;
  readonly stderr: string;
  readonly headerHex?: string;
  readonly size?: number;
}

interface Show {
  readonly note: string;
  readonly fileHex: string;
  readonly fileSize: number;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly jsonExit: number;
  readonly json: string;
}

interface Update {
  readonly newVersion: string;
  readonly exit: number;
  readonly stderr?: string;
  readonly before: string;
  readonly after: string;
}

interface Genhdr {
  readonly generate?: readonly Generation[];
  readonly show?: readonly Show[];
  readonly update?: readonly Update[];
}

/** One run of `dfukit genhdr`. */
interface GenhdrRun {
  readonly exit: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs `dfukit genhdr`. */
export async function runGenhdr(...args: string[]): Promise<GenhdrRun> {
  const terminal = new FakeTerminal(diskFiles, new Collector({ slow: true }));
  const exit = await genhdr(args, terminal);
  await new Promise((done) => terminal.out.end(done));
  return { exit, stdout: terminal.out.bytes, stderr: terminal.err.text };
}

async function replayGenerate(path: string, each: Generation): Promise<string[]> {
  const { args, exit, stderr, headerHex = '', size = 0 } = each;
  const few = args.length < 3;
  const common = few ? ['x'] : ['/dev/null', ...args];
  const expected = Buffer.concat([fromHex(headerHex), Buffer.alloc(size)]).subarray(0, size);
  const toStdout = await runGenhdr('generate', ...common, ...(few ? [] : ['-']));
  writeFileSync(path, '');
  const toFile = await runGenhdr('generate', ...common, ...(few ? [] : [path]));
  return [
    ...differ('exit', exit, toStdout.exit),
    ...differ('stderr', stderr, toStdout.stderr.trimEnd()),
    ...differInBytes('stdout', expected, toStdout.stdout),
    ...differ('exit, to a file', exit, toFile.exit),
    ...differ('stderr, to a file', toStdout.stderr, toFile.stderr),
    ...differInBytes('file', expected, readFileSync(path)),
  ];
}

async function replayShow(path: string, each: Show): Promise<string[]> {
  const file = Buffer.alloc(each.fileSize);
  file.set(fromHex(each.fileHex).subarray(0, each.fileSize));
  writeFileSync(path, file);
  const plain = await runGenhdr('show', path);
  const json = await runGenhdr('show', '--json', path);
  return [
    ...differ('exit', each.exit, plain.exit),
    ...differ('stdout', each.stdout, plain.stdout.toString()),
    ...differ('stderr', each.stderr.replace('from s.bin', `from ${path}`), plain.stderr),
    ...differ('exit with --json', each.jsonExit, json.exit),
    ...differ('stdout with --json', each.json, json.stdout.toString()),
  ];
}

async function replayUpdate(path: string, each: Update): Promise<string[]> {
  const rest = Buffer.alloc(500, 0x77);
  writeFileSync(path, Buffer.concat([fromHex(each.before), rest]));
  const { exit, stderr } = await runGenhdr('update', path, each.newVersion);
  return [
    ...differ('exit', each.exit, exit),
    ...differ('stderr', each.stderr ?? '', stderr),
    ...differ('file', each.after + toHex(rest), toHex(readFileSync(path))),
  ];
}

/** Replays the runs of RIOT's header tool in `genhdr.json`. */
export async function replayGenhdr(folder: RiotbootFolder, file: string): Promise<ReplayedCase[]> {
  const { generate = [], show = [], update = [] } = folder.json(file) as Genhdr;
  const place = mkdtempSync(join(tmpdir(), 'dfukit-genhdr-'));
  const path = join(place, 's.bin');
  const found: ReplayedCase[] = [];
  for (const each of generate) {
    const name = `genhdr generate ${each.args.join(' ')}`;
    found.push(await attempt(name, () => replayGenerate(path, each)));
  }
  for (const each of show) {
    found.push(await attempt(`genhdr show: ${each.note}`, () => replayShow(path, each)));
  }
  for (const each of update) {
    const name = `genhdr update to ${each.newVersion}`;
    found.push(await attempt(name, () => replayUpdate(path, each)));
  }
  rmSync(place, { recursive: true });
  return found;
}
