import { boardLayout, boardModel, plainFirmware } from 'dfukit/board';
import type { BoardModel } from 'dfukit/board';
import { riotbootImage } from 'dfukit/image';
import { bootAhead, dumpOf, recordBoot } from 'dfukit/lab';
import type { Scenario } from '../mcuboot/scenario-choices.ts';
import { sceneDevice } from '../mcuboot/scenario.ts';
import type { DumpOwner, ExampleName } from './dump-calls.ts';

/** A dump, and whose it is. */
interface Example extends DumpOwner {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const scenario: Scenario = {
  board: 'reel_board',
  mode: 'swap-using-move',
  sectorBytes: 4096,
  sectors: 10,
  scratchSectors: 1,
  writeUnit: 4,
  oldBytes: 60_000,
  newBytes: 75_000,
  request: 'test',
};

const erased = ({ flash }: BoardModel): Uint8Array<ArrayBuffer> => {
  const size = flash.sectors.reduce((sum, { count, sizeBytes }) => sum + count * sizeBytes, 0);
  return new Uint8Array(size).fill(flash.erasedValue);
};

/** Bytes that look like a program. */
const program = (sizeBytes: number, seed: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: sizeBytes }, (_, n) => Math.imul(n + seed, 0x9e3779b1) >>> 24);

async function mcubootDump(name: ExampleName): Promise<Uint8Array<ArrayBuffer>> {
  const { device } = await sceneDevice(scenario);
  if (name === 'trial') await bootAhead(device);
  if (name === 'cut') {
    const boot = await recordBoot(device);
    return dumpOf(boot.cut(Math.floor(boot.operations.length / 2), 'torn').flash);
  }
  const bytes = dumpOf(device.flash);
  if (name === 'damaged') {
    const at = (device.config.images[0]?.secondary.offsetBytes ?? 0) + 0x1000;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
  }
  return bytes;
}

function riotbootDump(): Uint8Array<ArrayBuffer> {
  const model = boardModel('particle-xenon');
  const { slots } = boardLayout(model, 'riotboot_dfu');
  const bytes = erased(model);
  for (const [n, { offsetBytes, address, imageAddress }] of slots.entries()) {
    const image = riotbootImage(program(40_000 + 9000 * n, n), {
      version: 3 + n,
      startAddress: imageAddress,
      headerLength: imageAddress - address,
    });
    bytes.set(image, offsetBytes);
  }
  return bytes;
}

function stm32Dump(): Uint8Array<ArrayBuffer> {
  const model = boardModel('stm32f072b_disco');
  const bytes = erased(model);
  bytes.set(plainFirmware(program(20_000, 1), model));
  return bytes;
}

/** Makes an example; always the same one. */
export async function exampleDump(name: ExampleName): Promise<Example> {
  if (name === 'riotboot') {
    return { board: 'particle-xenon', bootloader: 'riotboot_dfu', bytes: riotbootDump() };
  }
  if (name === 'stm32') return { board: 'stm32f072b_disco', bootloader: '', bytes: stm32Dump() };
  return { board: 'reel_board', bootloader: 'mcuboot', bytes: await mcubootDump(name) };
}
