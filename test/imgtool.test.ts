import { describe, expect, test } from 'vitest';
import { runImgtool } from '../src/cli/imgtool.ts';
import type { Compressor } from '../src/cli/imgtool-compress.ts';
import { allTlvs, parseImage, TlvType } from '../src/image/index.ts';
import { Desk } from './support/image-desk.ts';
import { bootloaderSays } from './support/mcuboot-bootloader.ts';
import { furtherRuns, imgtoolCases, vectorFile, vectorText } from './support/mcuboot-vectors.ts';
import type { ImgtoolCase } from './support/mcuboot-vectors.ts';

const of = (cmd: ImgtoolCase['cmd']): ImgtoolCase[] =>
  imgtoolCases.filter((each) => each.cmd === cmd);

/**
 * Where imgtool shows a raw traceback, a format string or a message torn into lines, this says what
 * is wrong instead. The exit code stays.
 */
const clearer: Readonly<Record<string, string>> = {
  'version-bad-7': 'Error: version.minor: expected 0 to 255, got 65536',
  'seccnt--1': 'Error: u32.value: expected 0 to 4294967295, got -1',
  'uuid-cid-only-name':
    'Error: class id: expected a vendor, or a UUID, got the name "board-a" alone',
  'sha-256-p384':
    'Error: Key ECDSA384_SHA384 can not be used with --sha 256; allowed sha are one of 384',
  'sha-512-rsa':
    'Error: Key PKCS1_PSS_RSA2048_SHA256 can not be used with --sha 512; allowed sha are one of 256',
  'dep-6':
    "Error: Invalid value for '-d' / '--dependencies': There's a mismatch between the number of " +
    'dependency images and versions in: (1,a.b)',
};

/** What imgtool's own compressor made, out of the image that it went into. */
function compressorOf({ name, output = '' }: ImgtoolCase): Compressor {
  return (bytes) => {
    if (name.includes('incompressible')) return Promise.resolve(new Uint8Array(bytes.length + 4));
    return Promise.resolve(parseImage(vectorFile(output)).payload.subarray(2));
  };
}

async function sign(each: ImgtoolCase): Promise<{ desk: Desk; exit: number; path: string }> {
  const { args = [], input = '', output = '', name } = each;
  const desk = new Desk();
  const path = output.includes('.hex') || name.includes('hex-out') ? 'result.hex' : 'result.bin';
  const compressor = compressorOf(each);
  const exit = await runImgtool(['sign', ...args, input, path], { io: desk, compressor });
  return { desk, exit, path };
}

const made = [...of('sign'), ...furtherRuns].filter(({ exit }) => exit === 0);
const exact = made.filter(({ deterministic }) => deterministic === true);
const random = made.filter(({ deterministic }) => deterministic === false);
const refused = of('sign').filter(({ exit }) => exit !== 0);

describe('imgtool sign', () => {
  test.each(exact)('$name: byte for byte', async (each) => {
    const { desk, exit, path } = await sign(each);
    expect(desk.err).toBe('');
    expect(exit).toBe(0);
    expect(desk.lines).toEqual(each.stdout);
    const bytes = desk.written.get(path);
    expect(Buffer.from(bytes ?? []).equals(vectorFile(each.output ?? ''))).toBe(true);
    for (const [name, content] of Object.entries(each.extra ?? {})) {
      expect(new TextDecoder().decode(desk.written.get(name))).toBe(content);
    }
  });

  /** Records whose value is random; their length is too for ECDSA. */
  const randomTypes: ReadonlySet<number> = new Set([
    TlvType.RSA2048,
    TlvType.RSA3072,
    TlvType.ECDSASIG,
    TlvType.ENCRSA2048,
    TlvType.ENCEC256,
    TlvType.ENCX25519,
    TlvType.ENCX25519_SHA512,
  ]);

  test.each(random)('$name: the same but for what is random', async (each) => {
    const { desk, exit, path } = await sign(each);
    expect(desk.err).toBe('');
    expect(exit).toBe(0);
    expect(desk.lines).toEqual(each.stdout);
    const result = desk.written.get(path) ?? new Uint8Array(0);
    const ours = parseImage(result);
    const theirs = parseImage(vectorFile(each.output ?? ''));
    expect(ours.header).toEqual(theirs.header);
    const shape = ({ type, data }: { type: number; data: Uint8Array }): object => ({
      type,
      data: randomTypes.has(type) ? undefined : [...data],
      length:
        type === TlvType.ECDSASIG && each.args?.includes('--pad-sig') !== true ? 0 : data.length,
    });
    expect(allTlvs(ours).map(shape)).toEqual(allTlvs(theirs).map(shape));
    const { verdict } = await bootloaderSays(result, each.args ?? []);
    expect(verdict).toMatchObject({ valid: true, keyIndex: 0 });
    const tail = (bytes: Uint8Array, length: number): number[] => [...bytes.subarray(length)];
    const slack = each.args?.includes('--pad') === true ? 16384 - 1700 : Number.POSITIVE_INFINITY;
    expect(tail(result, slack)).toEqual(tail(vectorFile(each.output ?? ''), slack));
  });

  test.each(refused)('$name: refused with the same exit code', async (each) => {
    const { desk, exit, path } = await sign(each);
    expect(exit).toBe(each.exit);
    expect(desk.written.has(path)).toBe(false);
    expect(desk.lastError).toBe(clearer[each.name] ?? each.error);
  });
});

describe('imgtool verify', () => {
  test.each(of('verify'))('$name', async ({ input = '', key, xor = [], exit, stdout }) => {
    const desk = new Desk();
    const bytes = vectorFile(input);
    for (const [offset, mask] of xor) bytes[offset] = (bytes[offset] ?? 0) ^ mask;
    desk.written.set('image.bin', bytes);
    const keyed = key === null || key === undefined ? [] : ['-k', key];
    expect(await runImgtool(['verify', ...keyed, 'image.bin'], { io: desk })).toBe(exit);
    expect(desk.lines).toEqual(stdout);
  });
});

describe('imgtool dumpinfo', () => {
  test.each(of('dumpinfo'))('$name', async ({ input = '', format = '', output = '', exit }) => {
    const desk = new Desk();
    desk.written.set('some/where/d_in.bin', vectorFile(input));
    const args = ['dumpinfo', '-f', format, 'some/where/d_in.bin'];
    expect(await runImgtool(args, { io: desk })).toBe(exit);
    expect(desk.out.toString()).toBe(vectorText(output));
  });
});

describe('imgtool keys', () => {
  const dumps = [...of('getpub'), ...of('getpubhash')];
  test.each(dumps)('$name', async ({ cmd, key, encoding = '', exit, outputBase64 }) => {
    const desk = new Desk();
    const args = [cmd, '-k', key ?? '', '-e', encoding];
    expect(await runImgtool(args, { io: desk })).toBe(exit);
    expect(desk.out.toString('base64')).toBe(outputBase64);
  });

  test.each(of('getpriv'))('$name', async ({ key, args = [], exit, stdout = '', error = '' }) => {
    const desk = new Desk();
    expect(await runImgtool(['getpriv', '-k', key ?? '', ...args], { io: desk })).toBe(exit);
    expect(desk.out.toString()).toBe(stdout);
    expect(desk.lastError).toBe(error);
  });

  test.each(of('keyinfo'))('$name', async ({ key, exit, stdout }) => {
    const desk = new Desk();
    expect(await runImgtool(['keyinfo', '-k', key ?? ''], { io: desk })).toBe(exit);
    expect(desk.lines).toEqual([stdout]);
  });
});

test('the vectors are all replayed', () => {
  expect(imgtoolCases.length).toBe(247);
  expect([exact.length, random.length, refused.length]).toEqual([66, 21, 27]);
});
