import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { readContents, readSegments, writeContents } from '../../src/image/index.ts';
import type { OutputFormat, Segment } from '../../src/image/index.ts';
import { asRoot, installOnDebian, need } from '../support/needs.ts';

// GNU binutils write what we read, and read what we write, byte for byte.

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'dfukit-binutils-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);
const read = (name: string): Uint8Array => Uint8Array.from(readFileSync(path(name)));

const isThere = spawnSync('arm-none-eabi-objcopy', ['--version']).status === 0;
const install = asRoot(resolve(here, '../fixtures/native/build install'));
const missing = isThere
  ? undefined
  : { what: 'binutils-arm-none-eabi', install: installOnDebian(install) };
const needBinutils = (context: TestContext): void => need(context, missing);

function gnu(tool: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(`arm-none-eabi-${tool}`, args, {
    encoding: 'utf8',
    cwd: folder,
  });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr}`);
}

/** `address+length` of each. */
const shapes = (segments: readonly Segment[]): string[] =>
  segments.map(({ address, bytes }) => `${address.toString(16)}+${bytes.length}`);

const plain = (segments: readonly Segment[]): [number, string][] =>
  segments.map(({ address, bytes }) => [address, Buffer.from(bytes).toString('hex')]);

beforeAll(() => {
  if (missing !== undefined) return;
  gnu('as', '-o', 'program.o', join(here, 'program.s'));
  gnu('ld', '-T', join(here, 'program.ld'), '-o', 'program.elf', 'program.o');
  gnu('objcopy', '-O', 'ihex', 'program.elf', 'program.hex');
  gnu('objcopy', '-O', 'srec', 'program.elf', 'program.srec');
  gnu('objcopy', '-O', 'srec', '--srec-len', '7', 'program.elf', 'short.srec');
  gnu(
    'objcopy',
    '-O',
    'binary',
    '--gap-fill',
    '0xff',
    '-R',
    '.options',
    'program.elf',
    'program.bin',
  );
});

describe('what binutils write', () => {
  test('an ELF file: load addresses, gaps, nothing of .bss', (context) => {
    needBinutils(context);
    expect(shapes(readSegments(read('program.elf'), 'elf'))).toEqual([
      '8000000+32',
      '8000101+62',
      '8001ff0+300',
      '1ffff800+4',
    ]);
  });

  test.for([
    ['hex', 'program.hex'],
    ['srec', 'program.srec'],
    ['srec', 'short.srec'],
  ] as const)('%s, %s: the same pieces as in the ELF file', ([format, name], context) => {
    needBinutils(context);
    const { format: found, parts } = readContents(read(name));
    expect(found).toBe(format);
    const elf = readContents(read('program.elf'));
    expect(parts).toEqual(elf.parts);
  });

  test('the binary is the first memory with its gaps filled', (context) => {
    needBinutils(context);
    gnu('objcopy', '-R', '.options', 'program.elf', 'flash.elf');
    const binary = writeContents(readContents(read('flash.elf')), 'bin');
    expect(Buffer.from(binary).equals(read('program.bin'))).toBe(true);
    const whole = (): Uint8Array => writeContents(readContents(read('program.elf')), 'bin');
    expect(whole).toThrow(/several memories: 0x08000000 to .*0x1ffff800 to 0x1ffff803/);
  });

  test.for([0x100, 0x123456, 0x08000000])('S1, S2, S3 at %i', (address, context) => {
    needBinutils(context);
    const move = ['--change-addresses', String(address)];
    writeFileSync(path('raw.bin'), Buffer.from('some bytes of firmware'));
    gnu('objcopy', '-I', 'binary', '-O', 'srec', ...move, 'raw.bin', 'moved.srec');
    expect(shapes(readSegments(read('moved.srec'), 'srec'))).toEqual([
      `${address.toString(16)}+22`,
    ]);
  });
});

describe('what binutils read', () => {
  const formats: readonly (readonly [OutputFormat, bfd: string])[] = [
    ['hex', 'ihex'],
    ['srec', 'srec'],
    ['s37', 'srec'],
  ];

  test.for(formats)('%s: binutils find the same bytes in ours', ([format, bfd], context) => {
    needBinutils(context);
    const contents = readContents(read('program.elf'));
    writeFileSync(path('ours'), writeContents(contents, format, { name: 'program' }));
    gnu('objcopy', '-I', bfd, '-O', 'srec', '--srec-forceS3', 'ours', 'again.srec');
    const [part] = contents.parts;
    const pieces = part?.pieces as readonly Segment[];
    expect(plain(readSegments(read('again.srec'), 'srec'))).toEqual(plain(pieces));
  });

  test.for([
    ['s19', 0xff00],
    ['s28', 0xff0000],
    ['hex', 0xfff8],
    ['hex', 0xfffffff0],
  ] as const)('%s at %i, to the last byte of its addresses', ([format, address], context) => {
    needBinutils(context);
    const file = Uint8Array.from({ length: 16 }, (_, at) => at * 3);
    const contents = readContents(file, { address });
    writeFileSync(path('edge'), writeContents(contents, format));
    const bfd = format === 'hex' ? 'ihex' : 'srec';
    gnu('objcopy', '-I', bfd, '-O', 'binary', 'edge', 'edge.bin');
    expect(Buffer.from(read('edge.bin')).equals(file)).toBe(true);
  });
});
