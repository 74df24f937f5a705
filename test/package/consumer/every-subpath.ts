import { DfuError, findDevices, flash as flashDevice } from 'dfukit';
import { boardModels } from 'dfukit/board';
import type { Runner } from 'dfukit/board';
import { WorkerRunner } from 'dfukit/board/node';
import { boot } from 'dfukit/boot/mcuboot';
import type { BootOutcome } from 'dfukit/boot/mcuboot';
import { chooseSlot } from 'dfukit/boot/riotboot';
import * as stm32 from 'dfukit/boot/stm32';
import { RamDisk } from 'dfukit/device';
import type { Medium } from 'dfukit/device';
import * as dfu from 'dfukit/dfu';
import { MemoryFlash } from 'dfukit/flash';
import type { Flash } from 'dfukit/flash';
import { flashAll } from 'dfukit/gang';
import { connect } from 'dfukit/host';
import { parseVersion } from 'dfukit/image';
import { inspectFlash } from 'dfukit/lab';
import { LoopbackBus } from 'dfukit/link/loopback';
import { nodeUsbBus } from 'dfukit/link/node-usb';
import { UsbipServer } from 'dfukit/link/usbip';
import { webUsbBus } from 'dfukit/link/web-usb';
import { boardBench } from 'dfukit/testing';
import type { BoardBench } from 'dfukit/testing';
import { VirtualClock } from 'dfukit/usb';
import type { UsbBus } from 'dfukit/usb';

const clock = new VirtualClock();
const bus: UsbBus = new LoopbackBus(clock);
const sectors = [{ count: 2, sizeBytes: 4096 }];
const flash: Flash = new MemoryFlash({ sectors, writeUnitBytes: 4, erasedValue: 0xff });
const disk: Medium = new RamDisk({ name: 'ram', sizeBytes: 16 });
const runner: Runner = new WorkerRunner({ heapMb: undefined });
const { major }: { readonly major: number } = parseVersion('1.2.3');
const bench = (): Promise<BoardBench> => boardBench('reel_board', { power: false });
type Outcome = BootOutcome;
const outcome: Outcome | undefined = undefined;

/** One use of each subpath, for the compiler to look at. */
export const uses: readonly unknown[] = [
  new DfuError('TIMEOUT', 'too late').code satisfies string,
  boardModels,
  boot,
  chooseSlot,
  inspectFlash,
  flashAll,
  connect,
  nodeUsbBus,
  webUsbBus,
  findDevices,
  flashDevice,
  UsbipServer,
  stm32,
  dfu,
  bus,
  flash,
  disk,
  runner,
  major,
  outcome,
  bench,
];
