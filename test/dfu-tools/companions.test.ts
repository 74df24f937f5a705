import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { dfukit } from '../../src/cli/dfukit.ts';
import { appendSuffix, writeDfuSeFile } from '../../src/dfu/index.ts';
import { withLpcPrefix, withStellarisPrefix } from '../../src/image/index.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { installOnDebian, need } from '../support/needs.ts';

// The programs that come with dfu-util and ours get the same command lines in the same folders; what they say, their exit
// codes and what is in the folders afterwards is the same, but for what stands in test/departures/dfu-tools.ts.

const whole = mkdtempSync(join(tmpdir(), 'dfukit-companions-'));
afterAll(() => rmSync(whole, { recursive: true, force: true }));

const firmware = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7 + (at >> 3)) & 0xff);
const ids = { bcdDevice: 0xffff, idProduct: 0x7d02, idVendor: 0x1209, bcdDFU: 0x0100 };
const suffixed = appendSuffix(firmware, ids);
const element = { address: 0x0800_0000, data: firmware.subarray(0, 20) };

/** CRC and length of a suffix made anew. */
function withLength(bLength: number): Uint8Array {
  const padded = new Uint8Array(1004);
  padded.set(firmware);
  const file = appendSuffix(padded, ids);
  file[file.length - 5] = bLength;
  const stripped = file.subarray(0, file.length - 4);
  return Buffer.concat([stripped, crcOf(stripped)]);
}

function crcOf(bytes: Uint8Array): Uint8Array {
  let register = 0xffffffff;
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit += 1)
      register = (register >>> 1) ^ (0xedb88320 & -(register & 1));
  }
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(register >>> 0);
  return crc;
}

const damaged = Uint8Array.from(suffixed, (byte, at) => (at === 5 ? byte ^ 1 : byte));
const SRECORDS = 'S00600004844521B\nS1060100010203F2\nS1060200040506E8\nS9030000FC\n';

const files: Readonly<Record<string, Uint8Array | string>> = {
  'raw.bin': firmware,
  'suffix.bin': suffixed,
  'damaged.bin': damaged,
  'longer.bin': withLength(20),
  'shorter.bin': withLength(8),
  'dfuse.bin': appendSuffix(firmware, { ...ids, bcdDFU: 0x011a }),
  'tiny.bin': 'hi\n',
  'empty.bin': '',
  'ti.bin': withStellarisPrefix(firmware, 0x2000),
  'ti-suffix.bin': appendSuffix(withStellarisPrefix(firmware, 0x2000), ids),
  'ti-wrong.bin': Buffer.concat([Uint8Array.of(1, 0, 8, 0, 16, 0, 0, 0), firmware]),
  'lpc.bin': withLpcPrefix(firmware),
  'lpc-suffix.bin': appendSuffix(withLpcPrefix(firmware), ids),
  'lpc-other.bin': Buffer.concat([Buffer.from('1abf0900', 'hex'), firmware]),
  'one.dfu': writeDfuSeFile([{ alternate: 0, name: 'ST...', elements: [element] }], ids),
  'two.dfu': writeDfuSeFile([
    { alternate: 0, name: "it's \\ \u00e4", elements: [element, { ...element, address: 0 }] },
    { alternate: 1, elements: [element] },
  ]),
  'runs.s19': SRECORDS,
  'app.hex': ':0400000001020304F2\n:00000001FF\n',
};

interface Outcome {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
  readonly files: Readonly<Record<string, string>>;
}

let folders = 0;

/** A folder of its own for each program: the files, and one sub-folder. */
function folder(): string {
  folders += 1;
  const path = join(whole, String(folders));
  mkdirSync(join(path, 'folder'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

function contentsOf(path: string): Record<string, string> {
  const names = readdirSync(path).filter((name) => name !== 'folder');
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(path, name)).toString('hex')]),
  );
}

/** The words of each that say who it is, and how it is called; the folder. */
function plain(text: string, path: string): string {
  return text
    .replaceAll(`${path}/`, '')
    .replace(
      /^(dfu-\w+ \(dfu-util\) 0\.11\n)(?:.*\n)*?(?:.*tickets\/\n\n|.*command line\.\n\n)/,
      '$1',
    )
    .replace(/^Usage: ?\n(?:dfuse-pack .*\n)+/m, '<usage>\n')
    .replace(/^<usage>\n\nOptions:\n[^]*$/m, '<help>\n')
    .replace(/^Usage: dfu-\w+ [^]*$/m, '<help>\n');
}

function original(args: readonly string[]): Outcome {
  const path = folder();
  const [program = '', ...rest] = args;
  const { status, stdout, stderr } = spawnSync(
    program,
    rest.map((each) => each.replaceAll('@/', `${path}/`)),
    { encoding: 'utf8', cwd: path },
  );
  const [out, err] = [plain(stdout, path), plain(stderr, path)];
  return { exit: status, out, err, files: contentsOf(path) };
}

async function ours(args: readonly string[]): Promise<Outcome> {
  const path = folder();
  const terminal = new FakeTerminal();
  const exit = await dfukit(
    args.map((each) => each.replaceAll('@/', `${path}/`)),
    terminal,
  );
  const [out, err] = [plain(terminal.out.text, path), plain(terminal.err.text, path)];
  return { exit, out, err, files: contentsOf(path) };
}

const install = { what: 'dfu-util 0.11', install: installOnDebian('apt-get install dfu-util') };
const isThere = spawnSync('dfu-suffix', ['-V'], { encoding: 'utf8' }).stdout?.includes('0.11');
const missing = isThere === true ? undefined : install;

/** `dfu-suffix -a @/raw.bin`: words by spaces. */
const same: readonly string[] = [
  'dfu-suffix',
  'dfu-suffix -V',
  'dfu-suffix -V -a @/raw.bin',
  'dfu-suffix -a',
  'dfu-suffix --add',
  'dfu-suffix -x',
  'dfu-suffix --foo @/raw.bin',
  'dfu-suffix --d @/raw.bin',
  'dfu-suffix --help=1',
  'dfu-suffix @/raw.bin',
  'dfu-suffix -- -a @/raw.bin',
  'dfu-suffix -a @/none.bin',
  'dfu-suffix -c @/none.bin',
  'dfu-suffix -D @/none.bin',
  'dfu-suffix -a@/raw.bin',
  'dfu-suffix -a @/raw.bin',
  'dfu-suffix --add=@/raw.bin',
  'dfu-suffix --ad @/raw.bin',
  'dfu-suffix -a @/empty.bin',
  'dfu-suffix -v 0x1209 -p 7d02 -d 0x100 -a @/raw.bin',
  'dfu-suffix -a @/raw.bin --vid=1209 --pid 5 --did ABC',
  'dfu-suffix -S 0x11a -a @/raw.bin',
  'dfu-suffix -S 0100 -a @/raw.bin',
  'dfu-suffix -a @/suffix.bin',
  'dfu-suffix -a @/damaged.bin',
  'dfu-suffix -a @/longer.bin',
  'dfu-suffix -a @/shorter.bin',
  'dfu-suffix -a @/tiny.bin',
  'dfu-suffix -c @/raw.bin',
  'dfu-suffix -c @/suffix.bin',
  'dfu-suffix -c @/damaged.bin',
  'dfu-suffix -c @/longer.bin',
  'dfu-suffix -c @/shorter.bin',
  'dfu-suffix -c @/dfuse.bin',
  'dfu-suffix -c @/tiny.bin',
  'dfu-suffix -c @/empty.bin',
  'dfu-suffix -c @/one.dfu',
  'dfu-suffix -D @/one.dfu',
  'dfu-suffix -D @/raw.bin',
  'dfu-suffix -D @/suffix.bin',
  'dfu-suffix -D @/suffix.bin -v 1',
  'dfu-suffix -D @/longer.bin',
  'dfu-suffix -D @/shorter.bin',
  'dfu-prefix',
  'dfu-prefix -V',
  'dfu-prefix -x',
  'dfu-prefix --st -c @/ti.bin',
  'dfu-prefix @/raw.bin',
  'dfu-prefix -a',
  'dfu-prefix -a @/raw.bin',
  'dfu-prefix -a @/none.bin',
  'dfu-prefix -c @/none.bin',
  'dfu-prefix -s zz -a @/suffix.bin',
  'dfu-prefix -s 0x2000 -a @/suffix.bin',
  'dfu-prefix -a @/suffix.bin -s 8192',
  'dfu-prefix -s 020000 -a @/suffix.bin',
  'dfu-prefix --stellaris-address=0x2000 --add @/suffix.bin',
  'dfu-prefix -s 0x2000 -T -a @/suffix.bin',
  'dfu-prefix -L -a @/suffix.bin',
  'dfu-prefix --LPC -a @/suffix.bin',
  'dfu-prefix -L -a @/ti-suffix.bin',
  'dfu-prefix -s 0 -a @/lpc-suffix.bin',
  'dfu-prefix -s 0 -a @/shorter.bin',
  'dfu-prefix -c @/suffix.bin',
  'dfu-prefix -c @/ti-suffix.bin',
  'dfu-prefix -T -c @/ti-suffix.bin',
  'dfu-prefix -L -c @/ti-suffix.bin',
  'dfu-prefix -c @/lpc-suffix.bin',
  'dfu-prefix -L -c @/lpc-suffix.bin',
  'dfu-prefix -T -c @/lpc-suffix.bin',
  'dfu-prefix -D @/ti-suffix.bin',
  'dfu-prefix -T -D @/ti-suffix.bin',
  'dfu-prefix -L -D @/ti-suffix.bin',
  'dfu-prefix -D @/lpc-suffix.bin',
  'dfu-prefix -L -D @/lpc-suffix.bin',
  'dfu-prefix -D @/suffix.bin',
  'dfu-prefix -LD @/suffix.bin',
  'dfuse-pack',
  'dfuse-pack -h',
  'dfuse-pack -x',
  'dfuse-pack -b',
  'dfuse-pack --bui 1:@/raw.bin',
  'dfuse-pack --dump=1',
  'dfuse-pack @/none.dfu',
  'dfuse-pack -b x @/new.dfu',
  'dfuse-pack -b 1:@/raw.bin',
  'dfuse-pack -b 1:@/none @/new.dfu',
  'dfuse-pack -b 08000000:@/raw.bin @/new.dfu',
  'dfuse-pack -b 1@zz:@/raw.bin @/new.dfu',
  'dfuse-pack -b 1:@/suffix.bin @/new.dfu',
  'dfuse-pack -D zz -b 1:@/raw.bin @/new.dfu',
  'dfuse-pack -D 1209:7d02 -b 1:@/raw.bin @/new.dfu',
  'dfuse-pack -a q -b 1:@/raw.bin @/new.dfu',
  'dfuse-pack @/one.dfu @/two.dfu',
  'dfuse-pack @/one.dfu',
  'dfuse-pack @/two.dfu',
  'dfuse-pack -d @/two.dfu',
];

describe('as the original', () => {
  test.for(same)('%s', async (line, context) => {
    need(context, missing);
    const args = line.split(' ');
    expect(await ours(args)).toEqual(original(args));
  });
});

/** One command line of each departure: what ours comes to, and that the original comes to something else. */
interface Departing {
  readonly title: string;
  readonly line: string;
  readonly exit: number;
  readonly says: string;
  /** Files that are another afterwards. */
  readonly changes?: readonly string[] | undefined;
}

const departing: readonly Departing[] = [
  {
    title: 'departure dfu-tools/spec-0110: taken',
    line: 'dfu-suffix -S 0110 -a @/raw.bin',
    exit: 0,
    says: 'successfully added',
    changes: ['raw.bin'],
  },
  {
    title: 'departure dfu-tools/lpc-prefix: the name in the help',
    line: 'dfu-prefix --lpc-prefix -a @/suffix.bin',
    exit: 0,
    says: 'Adding prefix',
    changes: ['suffix.bin'],
  },
  {
    title: 'departure dfu-tools/numbers: no number',
    line: 'dfu-suffix -v zz -a @/raw.bin',
    exit: 64,
    says: 'got "zz"',
  },
  {
    title: 'departure dfu-tools/numbers: too many digits',
    line: 'dfu-suffix -p 99999 -a @/raw.bin',
    exit: 64,
    says: 'got "99999"',
  },
  {
    title: 'departure dfu-tools/one-file: a name behind it',
    line: 'dfu-suffix -a @/raw.bin @/tiny.bin',
    exit: 64,
    says: 'tiny.bin',
  },
  {
    title: 'departure dfu-tools/one-file: two jobs',
    line: 'dfu-suffix -a @/raw.bin -c @/suffix.bin',
    exit: 64,
    says: 'only one of',
  },
  {
    title: 'departure dfu-tools/folder: no file',
    line: 'dfu-suffix -c @/folder',
    exit: 66,
    says: 'Is a directory',
  },
  {
    title: 'departure dfu-tools/future-release: one line of warning',
    line: 'dfu-prefix -L -a @/raw.bin',
    exit: 0,
    says: 'Warning: Invalid DFU suffix signature',
    changes: ['raw.bin'],
  },
  {
    title: 'departure dfu-tools/stellaris-address: no multiple',
    line: 'dfu-prefix -s 0x2001 -a @/suffix.bin',
    exit: 64,
    says: 'multiple of 1024',
  },
  {
    title: 'departure dfu-tools/stellaris-address: left out',
    line: 'dfu-prefix -T -a @/suffix.bin',
    exit: 64,
    says: 'must be specified',
  },
  {
    title: 'departure dfu-tools/both-prefixes: refused',
    line: 'dfu-prefix -s 0x2000 -L -a @/suffix.bin',
    exit: 64,
    says: 'not for both',
  },
  {
    title: 'departure dfu-tools/image-size: of the file without its suffix',
    line: 'dfuse-pack -b 0x08000000:@/raw.bin -b 0x100@1:@/tiny.bin -b 0x900@1:@/tiny.bin @/new.dfu',
    exit: 0,
    says: '',
    changes: ['new.dfu'],
  },
  {
    title: 'departure dfu-tools/s19-last-run: all of it',
    line: 'dfuse-pack -s @/runs.s19 @/new.dfu',
    exit: 0,
    says: '',
    changes: ['new.dfu'],
  },
  {
    title: 'departure dfu-tools/intel-hex: read',
    line: 'dfuse-pack -i @/app.hex @/new.dfu',
    exit: 0,
    says: '',
    changes: ['new.dfu'],
  },
  {
    title: 'departure dfu-tools/pack-numbers: an address of 33 bits',
    line: 'dfuse-pack -b 0x100000010:@/raw.bin @/new.dfu',
    exit: 1,
    says: 'invalid',
  },
  {
    title: 'departure dfu-tools/pack-numbers: alternate 300',
    line: 'dfuse-pack -b 1@300:@/raw.bin @/new.dfu',
    exit: 1,
    says: '300',
  },
  {
    title: 'departure dfu-tools/damaged-file: a line, no traceback',
    line: 'dfuse-pack @/raw.bin',
    exit: 1,
    says: 'DfuSe file, byte 0',
  },
];

describe('otherwise than the original', () => {
  test.each(departing)('$title', async ({ line, exit, says, changes = [] }) => {
    const args = line.split(' ');
    const before = contentsOf(folder());
    const here = await ours(args);
    expect(here).toMatchObject({ exit });
    expect(here.out + here.err).toContain(says);
    const changed = Object.keys(here.files).filter((name) => here.files[name] !== before[name]);
    expect(changed).toEqual(changes);
    const there = missing === undefined ? original(args) : undefined;
    expect(there).not.toEqual(here);
  });

  test('departure dfu-tools/own-words: who it is', async () => {
    const terminal = new FakeTerminal();
    expect(await dfukit(['dfu-suffix', '-h'], terminal)).toBe(0);
    expect(terminal.out.text).toMatch(
      /^dfu-suffix \(dfu-util\) 0\.11\n\nThis is dfukit .*\n\nUsage: dfu-suffix /,
    );
  });

  test('departure dfu-tools/lpc-length: refused', () => {
    expect(() => withLpcPrefix(new Uint8Array(0x2000000))).toThrow('at most 33553920 bytes');
  });

  test('dfuse-pack differs in the four bytes of DFUImageSize and the CRC alone', async (context) => {
    need(context, missing);
    const args = ['dfuse-pack', '-D', '0x1209:0x7d02', '-a', '3', '-b', '1:@/raw.bin', '@/new.dfu'];
    const [there, here] = [original(args), await ours(args)].map((each) =>
      Buffer.from(each.files['new.dfu'] ?? '', 'hex'),
    ) as [Buffer, Buffer];
    expect(here.length).toBe(there.length);
    const differing = [...here.keys()].filter((at) => here[at] !== there[at]);
    expect(differing.every((at) => (at >= 6 && at < 10) || at >= here.length - 4)).toBe(true);
    expect(there.readUInt32LE(6)).toBe(here.readUInt32LE(6) + 16);
  });
});
