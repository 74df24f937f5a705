import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { encodePcapng } from '../../src/trace/index.ts';
import { ran } from '../support/fake-terminal.ts';
import type { Ran } from '../support/fake-terminal.ts';
import { recording } from '../support/fwupd-recording.ts';
import { flashDfuSe, recorded, dfuseDevice } from '../support/recorded.ts';
import { checkAnswer } from './attack.ts';
import type { Attack, UnderWay } from './attack.ts';
import { terminalWith } from './command-bench.ts';
import { board, image } from './command-lines.ts';
import { Bag, soundFiles } from './files.ts';
import { onJumpingTime } from './jumping-time.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

/** The longest that a command may take with a sound device and a broken file, in ms of its time. */
const MOST_MS = 10 * 60_000;

/** FILE is the broken one, OUT what is made; what else there is stands in the folder. */
const commands: readonly string[] = [
  'list --quirk @FILE',
  'download image.bin -a 1 --quirk @FILE --dry-run',
  'download image.bin -a 1 --all --inject 0x100:csv:serial --inject-csv FILE --inject-match serial=board',
  'download image.bin -a 1 --all --inject 0x100:csv:serial:text8 --inject-csv FILE --force --json',
  'download image.bin -a 1 --all --journal FILE --skip-done',
  'download image.bin -a 1 --all --journal FILE --inject 0x100:counter:1:u32le --json',
  'list --replay FILE',
  'download image.bin -a 1 --replay FILE',
  'download image.bin -s 0x08000000 --replay FILE --json',
  'upload OUT.bin --replay FILE',
  'detach --replay FILE',
  'trace show FILE',
  'trace show FILE --json',
  'trace convert FILE OUT.pcapng',
  'trace convert FILE OUT.ndjson --enclosed',
  'trace redact FILE OUT.ndjson',
  'doctor --bus usbip://rack --report OUT.ndjson --with-trace FILE',
  'download FILE -a 1 --dry-run',
  'download FILE -a 1 --json',
  'download FILE -s 0x08000000 --dry-run --replay trace.ndjson',
  'dfu-util -a 1 -D FILE',
  'dfu-suffix -c FILE',
  'dfu-suffix -a FILE -v 1209 -p 7d02',
  'dfu-suffix -D FILE',
  'dfu-prefix -c FILE',
  'dfu-prefix -L -a FILE',
  'dfu-prefix -D FILE',
  'dfuse-pack -i FILE OUT.dfu',
  'dfuse-pack -s FILE OUT.dfu',
  'dfuse-pack -b 0x08000000:FILE OUT.dfu',
  'image convert FILE OUT.hex --address 0x1000',
  'image convert FILE OUT.uf2',
  'image convert FILE OUT.s19 --json',
  'image convert FILE OUT.bin --fill 255',
  'image convert FILE OUT.dfu',
];

const QUIRKS = `# a list
1209:*:poll-time=5ms
1209:7d02:0100:dialect=dfu,wait=10ms
0483:df11:poll-time=30ms
`;

const TABLE = `board,serial,key
KEYSTONE,A0000001,00112233
"OTHER ONE","A,2","quo""te"
`;

class HostFiles implements UnderWay {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dfukit-files-'));
  readonly #sound: string[] = [];

  async prepare(): Promise<void> {
    const bag = new Bag();
    await soundFiles(bag);
    for (const [name, bytes] of bag.all) this.#add(name, bytes);
    this.#add('image.bin', image);
    this.#add('quirks.txt', Buffer.from(QUIRKS));
    this.#add('table.csv', Buffer.from(TABLE));
    await this.#run(['download', 'image.bin', '-a', '1', '--trace', 'trace.ndjson']);
    await this.#run(['download', 'image.bin', '-a', '1', '--all', '--journal', 'journal.ndjson']);
    await this.#run([
      'doctor',
      '--bus',
      'usbip://rack',
      '--report',
      'report.ndjson',
      '--with-trace',
      'trace.ndjson',
    ]);
    const { trace } = await recorded(dfuseDevice(), flashDfuSe);
    const { phases } = recording(trace.records, ['setup.json']);
    this.#add('fwupd.json', phases[0]?.bytes ?? new Uint8Array(0));
    this.#add('trace.pcapng', encodePcapng(trace.header, trace.records));
    // What is about devices is more than one of many.
    for (const name of ['trace', 'journal', 'report', 'trace']) this.#sound.push(`${name}.ndjson`);
    this.#sound.push('fwupd.json', 'quirks.txt', 'table.csv');
  }

  #add(name: string, bytes: Uint8Array): void {
    writeFileSync(join(this.#folder, name), bytes);
    this.#sound.push(name);
  }

  async #run(words: readonly string[]): Promise<Ran> {
    const args = words.map((word) => this.#placed(word));
    const { value } = await onJumpingTime(async (clock) => {
      const bus = new LoopbackBus(clock);
      bus.plug(board(true).device);
      await bus.list();
      return ran(args, terminalWith(bus));
    }, MOST_MS).catch((error: unknown) => {
      throw new Error(`${words.join(' ')}: ${String(error)}`, { cause: error });
    });
    return value;
  }

  /** A word with the folder in front of what is a file. */
  #placed(word: string): string {
    const [, before = '', name = ''] = /^(@|0x08000000:|)([\w-]+\.\w+)$/.exec(word) ?? [];
    return name === '' ? word : `${before}${join(this.#folder, name)}`;
  }

  async round(random: Random): Promise<void> {
    const sound = random.pick(this.#sound);
    const file = `hostile${extname(sound)}`;
    const bytes = readFileSync(join(this.#folder, sound));
    const broken =
      random.once(4) && isText(sound) ? lineMoved(bytes, random) : mutated(bytes, random);
    writeFileSync(join(this.#folder, file), broken);
    const command = random.pick(commands).replace('FILE', file).replace('OUT', 'out').split(' ');
    for (const end of ['bin', 'hex', 'uf2', 's19', 'dfu', 'ndjson', 'pcapng'])
      rmSync(join(this.#folder, `out.${end}`), { force: true });
    try {
      checkAnswer([...command, `(${sound})`], await this.#run(command));
    } catch (error) {
      copyFileSync(join(this.#folder, file), join(tmpdir(), `dfukit-${file}`));
      throw error;
    }
  }

  end(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

function isText(name: string): boolean {
  return /\.(?:ndjson|json|csv|txt|hex|srec)$/.test(name);
}

/** Lines that are sound, and not where they belong. */
function lineMoved(bytes: Uint8Array, random: Random): Uint8Array {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  const [line = ''] = lines.splice(random.below(lines.length), random.once(3) ? 0 : 1);
  const copies = random.pick([0, 1, 2, 2000]);
  lines.splice(random.below(lines.length + 1), 0, ...Array.from({ length: copies }, () => line));
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** What is read besides firmware: traces, recordings, reports, journals, tables, quirks; and firmware by what sends and converts it. */
export const hostFiles: Attack = {
  name: 'mutated traces, recordings, journals, tables, quirks and firmware, through every command of the host that reads them',
  rounds: 150,
  async begin() {
    const files = new HostFiles();
    await files.prepare();
    return files;
  },
};
