import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Command } from 'commander';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../bytes/index.ts';
import { readVectors } from '../../test/support/riotboot-vectors.ts';
import { command, genhdr } from './genhdr.ts';

interface Vectors {
  readonly generate: readonly {
    readonly args: readonly string[];
    readonly exit: number;
    readonly stderr: string;
    readonly headerHex?: string;
    readonly size?: number;
  }[];
  readonly show: readonly {
    readonly note: string;
    readonly fileHex: string;
    readonly fileSize: number;
    readonly exit: number;
    readonly stdout: string;
    readonly stderr: string;
    readonly jsonExit: number;
    readonly json: string;
  }[];
  readonly update: readonly {
    readonly newVersion: string;
    readonly exit: number;
    readonly before: string;
    readonly after: string;
  }[];
}

const vectors = readVectors('genhdr.json') as Vectors;
const folder = mkdtempSync(join(tmpdir(), 'dfukit-genhdr-'));
const path = join(folder, 's.bin');

beforeEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

function sink(): { stream: Writable; bytes: () => Buffer } {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write(piece: Buffer, _encoding, done) {
      pieces.push(Buffer.from(piece));
      setImmediate(() => done());
    },
  });
  return { stream, bytes: () => Buffer.concat(pieces) };
}

async function run(...args: string[]) {
  const out = sink();
  const err = sink();
  const exit = await genhdr(args, { stdout: out.stream, stderr: err.stream });
  await Promise.all([out, err].map(({ stream }) => new Promise((done) => stream.end(done))));
  return { exit, stdout: out.bytes(), stderr: err.bytes().toString() };
}

describe('genhdr generate', () => {
  test.each(vectors.generate)('$args', async ({ args, exit, stderr, headerHex = '', size = 0 }) => {
    const [version = '', address = '', length = ''] = args;
    const few = args.length < 3;
    const common = few ? ['x'] : ['/dev/null', version, address, length];
    const expected = Buffer.concat([fromHex(headerHex), Buffer.alloc(size)]).subarray(0, size);
    const toStdout = await run('generate', ...common, ...(few ? [] : ['-']));
    expect(toStdout.exit).toBe(exit);
    expect(toStdout.stderr.trimEnd()).toBe(stderr);
    expect(toHex(toStdout.stdout)).toBe(toHex(expected));
    writeFileSync(path, '');
    const toFile = await run('generate', ...common, ...(few ? [] : [path]));
    expect(toFile).toMatchObject({ exit, stderr: toStdout.stderr });
    expect(toHex(readFileSync(path))).toBe(toHex(expected));
  });

  test.each([
    ['010', 8],
    ['0x1F', 31],
    [' +7', 7],
    ['09', 0],
    [' ', 0],
    ['+', 0],
  ])('reads the version "%s" as strtol does: %i', async (text, version) => {
    const { stdout } = await run('generate', 'x', text, '0', '0x100', '-');
    expect(stdout.readUInt32LE(4)).toBe(version);
  });

  test('writes over a file and leaves the rest of it', async () => {
    writeFileSync(path, Buffer.alloc(300, 0xaa));
    expect(await run('generate', 'x', '1', '2', '256', path)).toMatchObject({ exit: 0 });
    const file = readFileSync(path);
    expect([file.length, file[255], file[256]]).toEqual([300, 0, 0xaa]);
  });

  test('fails where it cannot write', async () => {
    const missing = join(folder, 'no', 'such', 'folder');
    expect(await run('generate', 'x', '1', '2', '256', missing)).toMatchObject({
      exit: 1,
      stderr: 'Error: cannot write output\n',
    });
  });
});

describe('genhdr show', () => {
  test.each(vectors.show)('$note', async (vector) => {
    const file = Buffer.alloc(vector.fileSize);
    file.set(fromHex(vector.fileHex).subarray(0, vector.fileSize));
    writeFileSync(path, file);
    const named = (text: string) => text.replace('from s.bin', `from ${path}`);
    const plain = await run('show', path);
    expect([plain.exit, plain.stdout.toString()]).toEqual([vector.exit, vector.stdout]);
    expect(plain.stderr).toBe(named(vector.stderr));
    const json = await run('show', '--json', path);
    expect([json.exit, json.stdout.toString()]).toEqual([vector.jsonExit, vector.json]);
  });

  test.each([[join(folder, 'missing')], [folder]])('of %s has no header', async (wrong) => {
    expect(await run('show', wrong)).toMatchObject({
      exit: 251,
      stderr: `Can't read header from ${wrong}\n`,
    });
  });
});

describe('genhdr update', () => {
  test.each(vectors.update)('to $newVersion', async ({ newVersion, exit, before, after }) => {
    const rest = Buffer.alloc(500, 0x77);
    writeFileSync(path, Buffer.concat([fromHex(before), rest]));
    expect(await run('update', path, newVersion)).toMatchObject({ exit, stderr: '' });
    expect(toHex(readFileSync(path))).toBe(after + toHex(rest));
  });

  test('touches no other file', async () => {
    writeFileSync(path, 'something else entirely');
    expect(await run('update', path, '1')).toMatchObject({
      exit: 251,
      stderr: 'Invalid magic: 656d6f73\n',
    });
    expect(readFileSync(path, 'utf8')).toBe('something else entirely');
  });
});

describe('genhdr', () => {
  test.each([
    [[], 1, /usage:\tgenhdr generate/],
    [['nonsense'], 1, /usage:\tgenhdr generate/],
    [['update', 'x'], 255, /usage: genhdr update/],
    [['show', '--json'], 255, /usage: genhdr show/],
  ])('%j says how it is used', async (args, exit, usage) => {
    expect(await run(...args)).toMatchObject({
      exit,
      stderr: expect.stringMatching(usage) as string,
    });
  });

  test.each([
    [['generate', 'x', '-1', '-5', '256'], '0,0'],
    [['generate', '-V', '7', '0x4400', '256'], '7,17408'],
    [['generate', '-h', '7', '0x4400', '256'], '7,17408'],
  ])('%j arrives as it was written, options or not', async (args, expected) => {
    const program = new Command('dfukit').addCommand(command());
    const before = process.exitCode;
    await program.parseAsync(['genhdr', ...args, path], { from: 'user' });
    expect(process.exitCode).toBe(0);
    process.exitCode = before;
    const file = readFileSync(path);
    expect(`${file.readUInt32LE(4)},${file.readUInt32LE(8)}`).toBe(expected);
  });
});
