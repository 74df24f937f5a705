import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Device, DfuMode, RamDisk } from '../../src/device/index.ts';
import { FailingDevice, faults } from '../support/failing-device.ts';
import type { Attack, UnderWay } from './attack.ts';
import { clearFiles, judge, judgeReplay, liesOf, runLine } from './command-bench.ts';
import type { Run } from './command-bench.ts';
import { everyTransfer, image, someTransfers } from './command-lines.ts';
import type { CommandLine } from './command-lines.ts';
import { Liar } from './liar.ts';
import type { Random } from './random.ts';

const lines = [...everyTransfer, ...someTransfers];

/** Attacks that need a folder for the files of their commands. */
function inFolder(round: (random: Random, folder: string) => Promise<void>): () => UnderWay {
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'dfukit-lies-'));
    return {
      async round(random) {
        clearFiles(folder);
        await round(random, folder);
      },
      end: () => rmSync(folder, { recursive: true }),
    };
  };
}

/** Another device than the one that went. */
function stranger(random: Random): Device {
  const identity = {
    idVendor: random.pick([0x1209, 0x0483, 0xffff]),
    idProduct: random.pick([0x7d00, 0x7d02, 0xdf11, 0]),
    serial: random.pick([undefined, 'KEYSTONE', 'ST', 'OTHER', '\u001b[31m']),
  };
  const media = [0, 1].map(() => new RamDisk({ name: 'ram', sizeBytes: 20_000 }));
  return new Device({ identity, configurations: [{ functions: [new DfuMode({ media })] }] });
}

async function liarRound(random: Random, folder: string): Promise<void> {
  const line = random.pick(lines);
  const subject = line.subject();
  const lyingDescriptors = random.once(4);
  const once = random.pick([3, 10, 30, 100]);
  const others = random.once(2) ? (): Device => stranger(random) : undefined;
  const liar = new Liar(subject.device, { random, once, lyingDescriptors, others });
  // Some lie already when the host finds them.
  if (random.once(4)) liar.arm();
  const done = await runLine(line, {
    folder,
    subject,
    disguise: () => ({ device: liar, arm: (bus) => liar.arm(bus) }),
  });
  judge(done, '(a liar)', { memory: true, work: true });
  if (others === undefined) demandAcknowledged(done, liar.acknowledged, line);
}

/** What a device says is its own affair: that it has taken the bytes is seen. */
function demandAcknowledged(
  { words, exit, out }: Run,
  acknowledged: number,
  line: CommandLine,
): void {
  const sends = words.includes('IMAGE') && !words.includes('--dry-run');
  const compares = words.includes('--changed-only') || words.includes('--resume');
  const isMeant = line.neighbour === undefined || out.includes('KEYSTONE');
  if (sends && !compares && isMeant && exit === 0 && acknowledged < image.length)
    throw new Error(`${words.join(' ')}: success, and ${acknowledged} bytes were taken: ${out}`);
}

/** Every command line with devices that lie about themselves, their state, their memory and who they are. */
export const lyingCommands: Attack = {
  name: 'every command, with devices that lie',
  rounds: 150,
  begin: inFolder(liarRound),
};

async function failureRound(random: Random, folder: string): Promise<void> {
  const line = random.pick(lines);
  const [fault, at] = [random.pick(faults), random.below(random.pick([10, 60, 200]))];
  const subject = line.subject();
  const failing = new FailingDevice(subject.device, fault, at);
  const done = await runLine(line, {
    folder,
    subject,
    disguise: () => ({ device: failing, arm: () => failing.arm() }),
  });
  const about = `(${fault} at transfer ${at})`;
  judge(done, about, liesOf(fault, line.words));
  if (line.words.includes('TRACE')) await judgeReplay(done, about);
}

/** Every command line, with any failure at any transfer. */
export const failingCommands: Attack = {
  name: 'every command, with a device that fails at any transfer',
  rounds: 50,
  begin: inFolder(failureRound),
};
