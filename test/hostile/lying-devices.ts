import { Device, DfuMode, DfuSeMode, DfuSeRam, RamDisk } from '../../src/device/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { flashFile, receive, connect, scan } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { onClock } from '../support/scripted-pipe.ts';
import type { Attack } from './attack.ts';
import { Liar } from './liar.ts';
import type { Random } from './random.ts';

/** No command may take longer than this on a device that answers no better. */
const PATIENCE_MS = 30 * 60_000;
function soundDevice(dfuse: boolean, random: Random): Device {
  const identity = { idVendor: 0x1209, idProduct: 0x7d02, serial: 'LIAR' };
  const functional = { wTransferSize: random.pick([64, 512, 2048]) };
  const mode = dfuse
    ? new DfuSeMode({
        functional,
        memories: [new DfuSeRam({ layout: '@Flash /0x08000000/16*001Kg', eraseMs: 5 })],
      })
    : new DfuMode({ functional, media: [new RamDisk({ name: 'ram', sizeBytes: 16_384 })] });
  return new Device({ identity, configurations: [{ functions: [mode] }] });
}

/** What came of it; only an error of the package's own is an answer. */
async function attempt(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (DfuError.is(error) && error.message !== '') return error;
    throw error;
  }
}

async function round(random: Random): Promise<void> {
  const dfuse = random.once(2);
  const clock = new VirtualClock();
  const bus = new LoopbackBus(clock);
  const words = { random, once: random.pick([3, 10, 30, 100]), lyingDescriptors: random.once(5) };
  const liar = new Liar(soundDevice(dfuse, random), words);
  liar.arm();
  bus.plug(liar);
  const file = random.bytes(1 + random.below(6000));
  const options = {
    clock,
    selection: { alternate: 0 },
    ...(dfuse ? { address: 0x08000000 } : {}),
  };
  const what = random.below(3);
  const work = async (): Promise<unknown> => {
    if (what === 0) return scan(bus, { clock });
    if (what === 1) return flashFile(bus, file, options);
    const session = await connect(bus, options);
    try {
      const sink = (): void => {};
      return await receive(session, sink, dfuse ? { address: 0x08000000, lengthBytes: 4096 } : {});
    } finally {
      await session.close();
    }
  };
  const outcome = await onClock(clock, attempt(work()));
  if (clock.now() > PATIENCE_MS) throw new Error(`took ${clock.now()} ms of virtual time`);
  const ended = !DfuError.is(outcome) && what === 1;
  if (ended && liar.acknowledged < file.length)
    throw new Error(`success, with ${liar.acknowledged} of ${file.length} bytes acknowledged`);
  await bus.close();
}

/** Devices that lie, stall, keep silent and vanish, at any transfer of a list, a download or an upload. */
export const lyingDevices: Attack = {
  name: 'devices that lie, stall, keep silent and vanish',
  rounds: 300,
  begin: () => ({ round, end() {} }),
};
