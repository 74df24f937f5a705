import { createHash } from 'node:crypto';
import { DfuError } from '../../src/bytes/index.ts';
import { boardOf, checkFile, offersFor, readManifest } from '../../src/manifest/index.ts';
import type { FirmwareManifest, ManifestFile } from '../../src/manifest/index.ts';
import { checkAnswer } from './attack.ts';
import type { Attack, UnderWay } from './attack.ts';
import { Bag, soundFiles } from './files.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

const VALUES: readonly unknown[] = [
  null,
  -1,
  0,
  1e308,
  '',
  'lamp',
  'ring',
  '\u0000',
  '*',
  '?*[0-9]',
  '[9-0]',
  '1209:7d02',
  '1209:7d05',
  '0100',
  '9.99',
  '1.0.0-rc.1',
  'beta',
  'app.bin',
  'signed.bin',
  '../app.bin',
  'javascript:0',
  'https://example.org/x',
  'all',
  'x'.repeat(5000),
  [],
  {},
  ['lamp', 'ring'],
];

/** Every place in a value: the object that it is in, and its key there. */
function places(value: unknown): (readonly [Record<string, unknown>, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = value as Record<string, unknown>;
  return Object.keys(own).flatMap((key) => [[own, key] as const].concat(places(own[key])));
}

/** What may well stand behind a key. */
const LIKELY: Readonly<Record<string, readonly unknown[]>> = {
  url: ['app.bin', './signed.bin', 'padded.bin', 'none.bin', 'https://example.org/x', 'app.bin?1'],
  boards: [['lamp'], ['ring'], ['lamp', 'ring']],
  serial: ['*', 'A*', '*1', '?', '[0-9]', 'lamp'],
  usb: [['1209:7d00'], ['1209:7d02', '1209:7d05'], ['1209:7D05']],
  bcdDevice: ['0100', '1.50', '9.99', { least: '0100' }, { most: '1.00' }],
  version: ['0.9', '1.0.0', '1.1', '7', '1.0.0-rc.1', '1.0.0+7'],
  minimumVersion: ['0.1', '1.0.0', '2'],
  channel: ['stable', 'beta'],
  erase: ['needed', 'all', 'ask'],
  label: ['slot 0', 'slot 1'],
  key: ['0123456789', '00000000'],
  sizeBytes: [1, 5000],
  address: [0, '0x08000000'],
};

/** The manifest as its maker might have written it, too. */
function likely(text: string, random: Random): string {
  const manifest = JSON.parse(text) as unknown;
  for (let times = 1 + random.below(2); times > 0; times -= 1) {
    const key = random.pick(Object.keys(LIKELY));
    const beside = { boards: 'url', serial: 'usb', usb: 'usb', label: 'url' }[key] ?? 'version';
    const isOfFile = ['erase', 'label', 'key', 'sizeBytes', 'address', 'url'].includes(key);
    const owners = places(manifest).filter(([, each]) => each === (isOfFile ? 'url' : beside));
    const [into] = random.pick(owners);
    into[key] = structuredClone(random.pick(LIKELY[key] ?? []));
  }
  return JSON.stringify(manifest);
}

/** The manifest with values moved, put in and taken out. */
function reworded(text: string, random: Random): string {
  const manifest = JSON.parse(text) as unknown;
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const all = places(manifest);
    if (all.length === 0) break;
    const [[into, key], [from, other]] = [random.pick(all), random.pick(all)];
    const name = random.once(8) ? random.pick(['__proto__', 'key', 'erase', 'serial']) : key;
    const value = random.once(2) ? from[other] : random.pick(VALUES);
    if (random.once(6)) delete into[key];
    else if (Array.isArray(into) && random.once(2)) into.push(structuredClone(value));
    else
      Object.defineProperty(into, name, {
        value: structuredClone(value),
        configurable: true,
        enumerable: true,
        writable: true,
      });
  }
  return JSON.stringify(manifest);
}

/** Undefined for what is none. */
function readOr(text: string): FirmwareManifest | undefined {
  try {
    return readManifest(text);
  } catch (error) {
    if (DfuError.is(error, 'MALFORMED')) return undefined;
    throw error;
  }
}

const SERIALS = ['', 'lamp', '7', 'A1', 'x'.repeat(126)];

/** Whoever is plugged in is one board at most, and gets what is for it. */
function plugIn(manifest: FirmwareManifest, random: Random): void {
  const device = {
    idVendor: 0x1209,
    idProduct: random.pick([0x7d00, 0x7d02, 0x7d05]),
    bcdDevice: random.pick([0, 0x0100, 0x0150, 0x0999, 0xffff]),
    serial: random.once(4) ? undefined : random.pick(SERIALS),
  };
  const board = boardOf(manifest, device);
  if (board === undefined) return;
  for (const { file, release } of offersFor(manifest, {
    board,
    version: random.once(2) ? undefined : '1.0.0',
  })) {
    if (file.boards?.includes(board.name) === false)
      throw new Error(`${release.version}: of another board`);
  }
}

function isAsListed({ sizeBytes, sha256 }: ManifestFile, bytes: Uint8Array): boolean {
  const hash = createHash('sha256').update(bytes).digest('hex');
  return bytes.length === sizeBytes && hash === sha256;
}

class ManifestAttack implements UnderWay {
  readonly #bag: Bag;
  readonly #sound: string;
  readonly #names: readonly string[];

  constructor(bag: Bag) {
    this.#bag = bag;
    this.#sound = new TextDecoder().decode(bag.read('manifest.json'));
    this.#names = [...bag.all.keys()].filter((name) => /\.(?:bin|dfu|hex|uf2|elf|zip)$/.test(name));
  }

  async round(random: Random): Promise<void> {
    const text = this.#text(random);
    this.#bag.text('hostile.json', text);
    await this.#check(text);
    const manifest = readOr(text);
    if (manifest !== undefined) {
      for (let times = 8; times > 0; times -= 1) plugIn(manifest, random);
    }
    await this.#add(random);
    await this.#otherFile(random);
  }

  #text(random: Random): string {
    if (random.once(2)) return likely(this.#sound, random);
    if (random.once(2)) return reworded(this.#sound, random);
    return new TextDecoder().decode(mutated(new TextEncoder().encode(this.#sound), random));
  }

  /** All is good only where all of it is there, and is what is listed. */
  async #check(text: string): Promise<void> {
    const command = ['manifest', 'check', 'hostile.json', '--json'];
    const ran = await this.#bag.run(command);
    checkAnswer(command, ran);
    if (![0, 65, 66, 75].includes(ran.exit)) throw new Error(`ends with ${ran.exit}: ${ran.err}`);
    if (ran.exit !== 0) return;
    const { releases } = readManifest(text);
    for (const { files } of releases) {
      for (const file of files) {
        const bytes = this.#bag.read(file.url.replace(/^(?:\.\/)+/, '').replace(/\?.*/, ''));
        if (!isAsListed(file, bytes)) throw new Error(`${file.url}: said to be good`);
      }
    }
  }

  /** What a command writes can be read. */
  async #add(random: Random): Promise<void> {
    const before = this.#bag.read('hostile.json');
    const words = [
      random.pick(['--replace', '--json']),
      '--label',
      random.pick(['a', 'slot 0', '']),
    ];
    const command = ['manifest', 'add', 'hostile.json', random.pick(this.#names), ...words];
    const ran = await this.#bag.run(command);
    checkAnswer(command, ran);
    const after = this.#bag.read('hostile.json');
    if (ran.exit === 0) readManifest(new TextDecoder().decode(after));
    else if (Buffer.compare(before, after) !== 0) throw new Error('it failed, and has written');
  }

  /** A file that is not the one that is listed is refused, and so is one that is not signed. */
  async #otherFile(random: Random): Promise<void> {
    const { releases, keys } = readManifest(this.#sound);
    const file = random.pick(releases.flatMap((each) => each.files));
    const bytes = mutated(this.#bag.read(file.url), random);
    const { refused } = await checkFile(file, bytes, { keys });
    if ((refused === undefined) !== isAsListed(file, bytes))
      throw new Error(`${file.url}: ${refused?.message ?? 'taken'}`);
    // Whoever has the hash has not yet the key.
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const again = await checkFile({ ...file, sizeBytes: bytes.length, sha256 }, bytes, { keys });
    const isSigned = again.findings.some(
      ({ topic, rating }) => topic === 'signature' && rating === 'good',
    );
    const payload = this.#bag.read('signed.bin');
    if (isSigned && Buffer.compare(bytes.subarray(0, payload.length), payload) !== 0) {
      throw new Error('signed, and not what was signed');
    }
  }

  end(): void {}
}

/** Manifests that nobody has written as they should be, and files that are not the ones that they list. */
export const manifests: Attack = {
  name: 'firmware manifests with values moved and mixed, and files that are not theirs',
  rounds: 300,
  async begin() {
    const bag = new Bag();
    await soundFiles(bag);
    const lamp = ['--product', 'Lamp', '--board', 'lamp=1209:7d00,1209:7d02', '--for', 'lamp'];
    await bag.make('manifest', 'create', 'signed.bin', ...lamp, '-k', 'ed25519.pem');
    const ring = ['--board', 'ring=1209:7d05', '--for', 'ring'];
    await bag.make('manifest', 'add', 'manifest.json', 'app.bin', '--release', '1.1', ...ring);
    await bag.make('manifest', 'add', 'manifest.json', 'riotboot.bin', '--channel', 'beta');
    return new ManifestAttack(bag);
  },
};
