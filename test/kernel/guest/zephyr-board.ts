import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Bench } from './bench.ts';
import { BoardProcess, dfukit } from './board.ts';

/** Zephyr's sample, before and after DFU_DETACH. */
export const RUN_TIME = '2fe3:0005';
export const DFU_MODE = '2fe3:ffff';

/** The serial number of the board in the sample's documentation. */
export const SERIAL = '20363736594E501200220033';

/** A board with MCUboot: what `west sign` would know of it. */
export interface ZephyrModel {
  readonly name: 'nucleo_u575zi_q' | 'reel_board';
  /** Where the slots begin, in bytes from the start of the flash, and how long they are. */
  readonly slotOffsets: readonly [number, number];
  readonly slotBytes: number;
  /** `CONFIG_ROM_START_OFFSET`. */
  readonly headerBytes: number;
  readonly writeUnitBytes: number;
  /** As the hello world of Zephyr prints it. */
  readonly target: string;
}

export const REEL: ZephyrModel = {
  name: 'reel_board',
  slotOffsets: [0xc000, 0x82000],
  slotBytes: 0x76000,
  headerBytes: 0x200,
  writeUnitBytes: 4,
  target: 'reel_board@1/nrf52840',
};

export const NUCLEO: ZephyrModel = {
  name: 'nucleo_u575zi_q',
  slotOffsets: [0x10000, 0xfe000],
  slotBytes: 0xee000,
  headerBytes: 0x400,
  writeUnitBytes: 16,
  target: 'nucleo_u575zi_q/stm32u575xx',
};

/** What the last 16 bytes of a slot are when an upgrade is asked for (MCUboot's trailer magic). */
const TRAILER_MAGIC: Record<ZephyrModel['name'], string> = {
  reel_board: '77c295f360d2ef7f3552500f2cb67980',
  // The write unit is longer than 8 bytes: the first two bytes tell it.
  nucleo_u575zi_q: '10002de15d29410b8d77679c110f1f8a',
};

async function dfukitDoes(bench: Bench, ...args: readonly string[]): Promise<void> {
  const { status } = await bench.run(process.execPath, [...dfukit, ...args]);
  assert.equal(status, 0, `exit status of dfukit ${args.slice(0, 2).join(' ')}`);
}

/** What is built is the same for all scenarios, and the guest is slow: it is kept until its end. */
const built = mkdtempSync(join(tmpdir(), 'zephyr-'));

/** A key pair; made when it is first needed. The boards trust the one that is called `root`. */
export async function keyFile(bench: Bench, name: string = 'root'): Promise<string> {
  const path = join(built, `${name}.pem`);
  if (!existsSync(path))
    await dfukitDoes(bench, 'imgtool', 'keygen', '-k', path, '-t', 'ecdsa-p256');
  return path;
}

/**
 * Builds an example as an update, and signs it with `dfukit imgtool sign`, by default with the key that
 * the boards trust. Answers its path.
 */
export async function signedUpdate(
  bench: Bench,
  model: ZephyrModel,
  example: string,
  keyName: string = 'root',
): Promise<string> {
  const key = await keyFile(bench, keyName);
  const plain = join(built, `${model.name}.${example}.bin`);
  const signed = join(built, `${model.name}.${example}.${keyName}.signed.bin`);
  if (existsSync(signed)) return signed;
  const build = ['firmware', 'build', example, '--board', model.name, '--unsigned', '-o', plain];
  await dfukitDoes(bench, ...build);
  const geometry = [
    '--header-size',
    String(model.headerBytes),
    '--slot-size',
    String(model.slotBytes),
    '--align',
    String(model.writeUnitBytes),
    ...(model.writeUnitBytes > 8 ? ['--max-align', String(model.writeUnitBytes)] : []),
  ];
  const sign = ['imgtool', 'sign', '--key', key, '--version', '0.0.0', ...geometry];
  await dfukitDoes(bench, ...sign, plain, signed);
  return signed;
}

interface SampleOptions {
  /** A folder with another firmware than the sample. */
  readonly firmware?: string;
  /** More options for `board run`. */
  readonly run?: readonly string[];
}

/** A board with the sample and its flash backend in slot 0, at this machine's kernel. */
export class ZephyrBench {
  readonly bench: Bench;
  readonly model: ZephyrModel;
  readonly board: BoardProcess;
  /** The image that the board was programmed with. */
  readonly sample: string;

  private constructor(parts: Pick<ZephyrBench, 'bench' | 'board' | 'model' | 'sample'>) {
    this.bench = parts.bench;
    this.model = parts.model;
    this.board = parts.board;
    this.sample = parts.sample;
  }

  static async start(
    bench: Bench,
    model: ZephyrModel,
    { firmware = 'usb-dfu', run = [] }: SampleOptions = {},
  ): Promise<ZephyrBench> {
    const key = await keyFile(bench);
    const sample = join(built, `${model.name}.${basename(firmware)}.bin`);
    if (!existsSync(sample)) {
      const config = ['--config', 'CONFIG_APP_USB_DFU_USE_FLASH_BACKEND=y'];
      const build = ['firmware', 'build', firmware, '--board', model.name, ...config];
      await dfukitDoes(bench, ...build, '--key', key, '-o', sample);
    }
    const flash = ['--flash', bench.path('flash.bin')];
    await dfukitDoes(bench, 'board', 'program', model.name, sample, ...flash, '--slot', '0');
    const options = ['--attach', ...flash, '--key', key, '--serial', SERIAL, ...run];
    const board = await BoardProcess.run(bench, model.name, ...options);
    await board.configured(RUN_TIME);
    return new ZephyrBench({ bench, model, board, sample });
  }

  /** The console from a line on, up to and with another. */
  async console(first: RegExp, last: RegExp): Promise<string[]> {
    let { text } = await this.board.next({ event: 'console', text: first });
    const lines = [String(text)];
    while (!last.test(String(text))) {
      ({ text } = await this.board.next({ event: 'console' }));
      lines.push(String(text));
    }
    return lines;
  }

  /** Waits for a line of the sample's log, which must be written as Zephyr writes it; answers it. */
  async logs(text: string): Promise<string> {
    const { text: line } = await this.board.next({ event: 'console', text: endingIn(text) });
    assert.match(String(line), /^\[\d\d:\d\d:\d\d\.\d{3},\d{3}\] <inf> main: /);
    return String(line);
  }

  /** Presses reset; answers the console up to the firmware's first line after its banner. */
  async reset(lastLine: RegExp): Promise<string[]> {
    this.board.send({ command: 'reset' });
    return this.console(/^\*\*\* Booting MCUboot /, lastLine);
  }

  /** What the flash holds where a slot begins. */
  slotStart(slot: 0 | 1, length: number): Buffer {
    const offset = this.model.slotOffsets[slot];
    return readFileSync(this.bench.path('flash.bin')).subarray(offset, offset + length);
  }

  /** A slot must begin with exactly this file. */
  assertSlotHolds(slot: 0 | 1, path: string): void {
    const image = readFileSync(path);
    assert.ok(this.slotStart(slot, image.length).equals(image), `slot ${slot} holds ${path}`);
  }

  /** Whether the end of slot 1 says that an upgrade is asked for. */
  upgradeRequested(): boolean {
    const end = this.model.slotOffsets[1] + this.model.slotBytes;
    const flash = readFileSync(this.bench.path('flash.bin'));
    return flash.subarray(end - 16, end).toString('hex') === TRAILER_MAGIC[this.model.name];
  }

  /** Waits for the sample to have asked for it, when a download is complete; answers what it says. */
  async upgradeIsRequested(): Promise<string> {
    const said = await this.logs('USBD message: DFU download completed');
    const probe = (): true | undefined => (this.upgradeRequested() ? true : undefined);
    await this.bench.until('the request for an upgrade is in flash', probe);
    return said;
  }
}

function endingIn(text: string): RegExp {
  return new RegExp(`${text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`);
}

/** Bytes that repeat in no block size. */
export function writePattern(path: string, length: number): Buffer {
  let seed = 7;
  const bytes = Buffer.from(
    Uint8Array.from({ length }, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return seed >>> 16;
    }),
  );
  writeFileSync(path, bytes);
  return bytes;
}
