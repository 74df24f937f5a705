import { boardModel, boardModels, bootloaderOf, bootloadersOf, mcubootLayout } from 'dfukit/board';
import { ImageJudge, largestImageBytes } from 'dfukit/boot/mcuboot';
import type { BootConfig } from 'dfukit/boot/mcuboot';
import type { FlashGeometry } from 'dfukit/flash';
import { MemoryFlash, SectorMap } from 'dfukit/flash';
import { signImage } from 'dfukit/image';
import { Inspections, openDump, stageUpdate } from 'dfukit/lab';
import type { FlashArea, FlashLayout, LabDevice } from 'dfukit/lab';
import { Problem } from '../problem.ts';
import { trusting } from '../trusted-keys.ts';
import type { Scenario, WatchedDump } from './scenario-choices.ts';

/** Boards that MCUboot can be on. */
export function mcubootBoards(): string[] {
  return boardModels
    .filter((model) => bootloadersOf(model).some(({ name }) => name === 'mcuboot'))
    .map(({ name }) => name);
}

/** A device, and what else of its flash has a name. */
export interface SceneDevice {
  readonly device: LabDevice;
  readonly baseAddress: number;
  readonly areas: readonly FlashArea[];
}

/** Bytes in front of the program: Zephyr's usual header. */
const HEADER_BYTES = 0x200;

function ofBoard({ board, mode }: Scenario): FlashLayout & Omit<SceneDevice, 'device'> {
  const model = boardModel(board);
  const { config } = mcubootLayout(model, mode);
  const areas = bootloaderOf(model, 'mcuboot').besideSlots?.(model, mode) ?? [];
  return { geometry: model.flash, config, baseAddress: model.flashBaseAddress, areas };
}

function ofSizes(scenario: Scenario): FlashLayout & Omit<SceneDevice, 'device'> {
  const { mode, sectorBytes, sectors, scratchSectors, writeUnit } = scenario;
  const revert = mode.endsWith('-with-revert');
  const algorithm = mode.replace('-with-revert', '') as BootConfig['algorithm'];
  const slot = sectors * sectorBytes;
  const scratch =
    algorithm === 'swap-using-scratch'
      ? { offsetBytes: 2 * slot, sizeBytes: scratchSectors * sectorBytes }
      : undefined;
  const count = 2 * sectors + (scratch === undefined ? 0 : scratchSectors);
  const geometry: FlashGeometry = {
    sectors: [{ count, sizeBytes: sectorBytes }],
    writeUnitBytes: writeUnit,
    erasedValue: 0xff,
  };
  const config: BootConfig = {
    algorithm,
    ...(revert ? { revert } : {}),
    images: [
      {
        primary: { offsetBytes: 0, sizeBytes: slot },
        secondary: { offsetBytes: slot, sizeBytes: slot },
      },
    ],
    scratch,
    maxAlign: writeUnit > 8 ? (writeUnit as 16 | 32) : 8,
    maxImgSectors: sectors,
  };
  return { geometry, config, baseAddress: 0, areas: [] };
}

/** Numbers that look like nothing and are always the same: no two pieces of an image are alike. */
function payloadOf(seed: number, sizeBytes: number): Uint8Array {
  const payload = new Uint8Array(sizeBytes);
  let state = seed;
  for (let n = 0; n < sizeBytes; n += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    payload[n] = state;
  }
  return payload;
}

async function imageOf(
  major: number,
  { sizeBytes, resetVector }: { readonly sizeBytes: number; readonly resetVector: number },
): Promise<Uint8Array> {
  const payload = payloadOf(major * 0x9e3779b1, Math.max(16, sizeBytes));
  const view = new DataView(payload.buffer);
  view.setUint32(0, 0x2000_4000, true);
  view.setUint32(4, resetVector | 1, true);
  const version = { major, minor: 0, revision: 0, build: 0 };
  return (await signImage(payload, { version, headerSize: HEADER_BYTES, padHeader: true })).bytes;
}

/** Bytes of header, hash record and the like: what a payload has to leave room for. */
const AROUND_BYTES = HEADER_BYTES + 128;

/** The largest payload that a scenario has room for; 0 if for none. */
function mostPayloadBytes(scenario: Scenario): number {
  const { geometry, config } = scenario.board === '' ? ofSizes(scenario) : ofBoard(scenario);
  const flash = new MemoryFlash(geometry);
  return Math.max(0, largestImageBytes(flash, config) - AROUND_BYTES);
}

async function dumpedDevice(scenario: Scenario, dump: WatchedDump): Promise<SceneDevice> {
  const { geometry, config, ...rest } = ofBoard(scenario);
  const { sizeBytes } = new SectorMap(geometry);
  if (dump.bytes.length !== sizeBytes) {
    throw new Problem(
      `expected all ${sizeBytes} bytes of the flash of ${scenario.board}, got ${dump.bytes.length}`,
    );
  }
  const flash = openDump({ geometry, config }, dump.bytes.slice());
  return { device: { flash, config, ...(await trusting(dump.keys)) }, ...rest };
}

/**
 * The device of a scenario: version 1.0.0 in the primary slot, version 2.0.0 in the secondary one and asked for; or what was
 * dumped.
 *
 * @throws `DfuError` for sizes that cannot be, `Problem` for images that do not fit.
 */
export async function sceneDevice(scenario: Scenario): Promise<SceneDevice> {
  if (scenario.dump !== undefined) return dumpedDevice(scenario, scenario.dump);
  const { geometry, config, ...rest } =
    scenario.board === '' ? ofSizes(scenario) : ofBoard(scenario);
  const { sizeBytes } = new SectorMap(geometry);
  const empty = new Uint8Array(sizeBytes).fill(geometry.erasedValue);
  const device: LabDevice = {
    flash: openDump({ geometry, config }, empty),
    config,
    judge: new ImageJudge({ signature: 'none' }),
    inspections: new Inspections(),
  };
  const { oldBytes, newBytes, request } = scenario;
  const most = mostPayloadBytes(scenario);
  if (most < 16) throw new Problem('these slots have no room for an image beside their trailer');
  const primary = config.images[0]?.primary.offsetBytes ?? 0;
  const secondary = config.images[0]?.secondary.offsetBytes ?? 0;
  const runsAt = config.algorithm === 'direct-xip' ? secondary : primary;
  const resetVector = (at: number): number => rest.baseAddress + at + HEADER_BYTES + 8;
  const first = await imageOf(1, {
    sizeBytes: Math.min(oldBytes, most),
    resetVector: resetVector(primary),
  });
  const second = await imageOf(2, {
    sizeBytes: Math.min(newBytes, most),
    resetVector: resetVector(runsAt),
  });
  const unit = geometry.writeUnitBytes;
  const padded = new Uint8Array(Math.ceil(first.length / unit) * unit).fill(geometry.erasedValue);
  padded.set(first);
  device.flash.program(primary, padded);
  if (request === 'none') stageWithout(device, second);
  else stageUpdate(device, second, { permanent: request === 'perm' });
  return { device, ...rest };
}

/** Puts an image into the secondary slot, and asks for nothing. */
function stageWithout(device: LabDevice, bytes: Uint8Array): void {
  const { flash, config } = device;
  const { offsetBytes } = config.images[0]?.secondary ?? { offsetBytes: 0 };
  const up = config.algorithm === 'swap-using-offset' ? flash.sectors.at(offsetBytes).sizeBytes : 0;
  const unit = flash.geometry.writeUnitBytes;
  const padded = new Uint8Array(Math.ceil(bytes.length / unit) * unit);
  padded.fill(flash.geometry.erasedValue).set(bytes);
  flash.program(offsetBytes + up, padded);
}
