import { DfuError } from '../../src/bytes/index.ts';
import { dfukit } from '../../src/cli/dfukit.ts';
import { writeDfuSeFile } from '../../src/dfu/index.ts';
import { riotbootImage } from '../../src/image/index.ts';
import type { Files } from '../../src/cli/shared/files.ts';
import type { FileBytes } from '../../src/cli/shared/write-file.ts';
import { Collector, FakeTerminal } from '../support/fake-terminal.ts';
import { toolchainFile } from '../support/toolchain/read.ts';
import { uf2Blocks, uf2File } from '../support/uf2-file.ts';
import { checkAnswer } from './attack.ts';
import type { Attack, UnderWay } from './attack.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

/** Files in memory, and a command that works with them. */
export class Bag implements Files {
  readonly all = new Map<string, Uint8Array>();

  read(path: string): Uint8Array {
    const bytes = this.all.get(path);
    if (bytes === undefined) throw new DfuError('NOT_FOUND', `${path}: no such file`);
    return bytes.slice();
  }

  standing(path: string): Uint8Array | undefined {
    return this.all.get(path);
  }

  write(path: string, bytes: FileBytes): Promise<void> {
    const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
    this.all.set(path, Uint8Array.from(Buffer.concat([...pieces])));
    return Promise.resolve();
  }

  async run(command: readonly string[]): Promise<{ exit: number; out: string; err: string }> {
    const terminal = new FakeTerminal(this, new Collector());
    terminal.in.end();
    const exit = await dfukit(command, terminal);
    return { exit, out: terminal.out.text, err: terminal.err.text };
  }

  async make(...command: string[]): Promise<void> {
    const ran = await this.run(command);
    if (ran.exit !== 0) throw new Error(`dfukit ${command.join(' ')}: ${ran.exit} ${ran.err}`);
  }

  text(path: string, text: string): void {
    this.all.set(path, new TextEncoder().encode(text));
  }
}

const LAYOUT = ['--sectors', '4Kx20', '--primary', '0x4000:28K', '--secondary', '0xb000:28K'];

/** Sound files of every kind that a command reads. */
export async function soundFiles(bag: Bag): Promise<void> {
  bag.all.set(
    'app.bin',
    Uint8Array.from({ length: 5000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff),
  );
  for (const type of ['ed25519', 'ecdsa-p256', 'x25519'])
    await bag.make('imgtool', 'keygen', '-k', `${type}.pem`, '-t', type);
  const sizes = ['-H', '0x200', '--pad-header', '-S', '0x7000', '--align', '4'];
  const sign = ['imgtool', 'sign', '-k', 'ed25519.pem', ...sizes, '-v', '1.0.0+0'];
  await bag.make(...sign, 'app.bin', 'signed.bin');
  await bag.make(...sign, '--pad', '--confirm', 'app.bin', 'padded.bin');
  await bag.make(
    ...sign,
    '-s',
    '7',
    '-d',
    '(1, 1.0.0+0)',
    '--boot-record',
    'APP',
    'app.bin',
    'records.bin',
  );
  await bag.make(...sign, '-E', 'x25519.pem', 'app.bin', 'encrypted.bin');
  await bag.make(...sign, '-x', '0x8000', 'app.bin', 'signed.hex');
  await bag.make(
    'image',
    'sign',
    'app.bin',
    '-v',
    '1.0.0',
    '-S',
    '0x7000',
    '--dfu',
    '1209:7d02',
    '-o',
    'signed.dfu',
  );
  for (const name of ['firmware.elf', 'firmware.srec', 'firmware.hex', 'dfu_application.zip'])
    bag.all.set(name, toolchainFile(name));
  const [address, signed] = [0x4000, bag.read('signed.bin')];
  bag.all.set('signed.uf2', uf2File(...uf2Blocks([{ address, bytes: signed }])));
  const elements = [{ address, data: signed }];
  bag.all.set('elements.dfu', writeDfuSeFile([{ alternate: 0, elements }]));
  const where = { version: 1, headerLength: 0x100, slotBase: 0x4000 };
  const riot = riotbootImage(bag.read('app.bin'), where);
  bag.all.set('riotboot.bin', riot);
  const dump = new Uint8Array(20 * 4096).fill(0xff);
  dump.set(bag.read('signed.bin'), 0x4000);
  dump.set(bag.read('padded.bin'), 0xb000);
  bag.all.set('dump.bin', dump);
  bag.text(
    'layout.json',
    JSON.stringify({
      algorithm: 'move',
      sectors: Array.from({ length: 20 }, (_, at) => ({ off: at * 4096, size: 4096 })),
    }),
  );
}

type CommandFor = (file: string) => string[];

const commands: readonly CommandFor[] = [
  (file) => ['image', 'info', file],
  (file) => ['image', 'info', file, '--json'],
  (file) => ['image', 'info', file, '-d', 'x25519.pem'],
  (file) => ['image', 'verify', file, '-k', 'ed25519.pem'],
  (file) => ['image', 'diff', file, 'signed.bin'],
  (file) => [
    'image',
    'sign',
    file,
    '-k',
    'ecdsa-p256.pem',
    '-v',
    '2.0.0',
    '-S',
    '0x7000',
    '-o',
    'out.bin',
  ],
  (file) => [
    'image',
    'sign',
    'app.bin',
    '-k',
    file,
    '-v',
    '2.0.0',
    '-S',
    '0x7000',
    '-o',
    'out.bin',
  ],
  (file) => ['imgtool', 'verify', '-k', 'ed25519.pem', file],
  (file) => ['imgtool', 'dumpinfo', file],
  (file) => ['imgtool', 'dumpinfo', '-o', 'out.yaml', '-s', file],
  (file) => ['imgtool', 'keyinfo', '-k', file],
  (file) => ['imgtool', 'getpub', '-k', file],
  (file) => ['flash', 'inspect', file, ...LAYOUT],
  (file) => ['flash', 'inspect', file, '--board', 'particle-xenon'],
  (file) => ['flash', 'why', file, ...LAYOUT, '-k', 'ed25519.pem'],
  (file) => ['flash', 'boot', file, ...LAYOUT],
  (file) => ['flash', 'boot', 'dump.bin', '--update', file, ...LAYOUT],
  (file) => ['flash', 'boot', 'dump.bin', '--layout', file],
  (file) => ['flash', 'fit', file, ...LAYOUT],
];

class FileAttack implements UnderWay {
  readonly #bag: Bag;
  readonly #sound: readonly string[];

  constructor(bag: Bag) {
    this.#bag = bag;
    this.#sound = [...bag.all.keys()];
  }

  async round(random: Random): Promise<void> {
    const sound = random.pick(this.#sound);
    const end = /\.\w+$/.exec(sound)?.[0] ?? '';
    const file = `hostile${end}`;
    this.#bag.all.set(file, mutated(this.#bag.read(sound), random));
    const command = random.pick(commands)(file);
    checkAnswer([...command, `(${sound})`], await this.#bag.run(command));
  }

  end(): void {}
}

/** Every format that a command reads, with something wrong in it. */
export const files: Attack = {
  name: 'mutated files of every format, through every command that reads them',
  rounds: 400,
  async begin() {
    const bag = new Bag();
    await soundFiles(bag);
    return new FileAttack(bag);
  },
};
