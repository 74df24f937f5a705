import { Device, DfuMode, DfuSeMode, DfuSeRam, RamDisk } from '../../src/device/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { flashFile, receive, connect, scan } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { HELD, STALL, VirtualClock } from '../../src/usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
  UsbSpeed,
} from '../../src/usb/index.ts';
import { onClock } from '../support/scripted-pipe.ts';
import type { Attack } from './attack.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

/** No command may take longer than this on a device that answers no better. */
const PATIENCE_MS = 30 * 60_000;
const DNLOAD = 1;

/** A device that is right most of the time, and otherwise lies, refuses, keeps silent or goes. */
class Liar implements UsbDevice {
  readonly speed: UsbSpeed = 'full';
  /** Bytes of DFU_DNLOAD that it has acknowledged. */
  acknowledged = 0;
  readonly #device: Device;
  readonly #random: Random;
  /** It lies once in that many transfers. */
  readonly #once: number;
  #bus: DeviceBus | undefined;
  #pending = 0;

  constructor(device: Device, random: Random, once: number) {
    this.#device = device;
    this.#random = random;
    this.#once = once;
  }

  connect(bus: DeviceBus): void {
    this.#bus = bus;
    this.#device.connect(bus);
  }

  disconnect(): void {
    this.#bus = undefined;
    this.#device.disconnect();
  }

  setup(packet: SetupPacket): SetupAnswer {
    const isDownload = packet.bmRequestType === 0x21 && packet.bRequest === DNLOAD;
    this.#pending = isDownload ? packet.wLength : 0;
    if (!this.#random.once(this.#once)) return this.#device.setup(packet);
    switch (this.#random.below(6)) {
      case 0:
        return STALL;
      case 1:
        return HELD;
      case 2:
        this.#bus?.detach();
        return STALL;
      default:
        return this.#lie(packet);
    }
  }

  /** The answer that would be right, with something wrong in it. */
  #lie(packet: SetupPacket): SetupAnswer {
    const answer = this.#device.setup(packet);
    if (answer.stage !== 'in') return answer;
    const data = this.#random.once(3)
      ? this.#random.bytes(this.#random.below(packet.wLength + 1))
      : mutated(answer.data, this.#random);
    return { stage: 'in', data: data.subarray(0, packet.wLength) };
  }

  data(bytes: Uint8Array): DataAnswer {
    const answer = this.#device.data(bytes);
    if (answer.stage === 'status') this.acknowledged += this.#pending;
    return answer;
  }

  done(): void {
    this.#device.done();
  }
  reset(): void {
    this.#device.reset();
  }
  configure(value: number): boolean {
    return this.#device.configure(value);
  }
  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    return this.#device.selectAlternate(interfaceNumber, alternate);
  }
  tick(nowMs: number): number {
    return this.#device.tick(nowMs);
  }
  descriptors(): DeviceDescriptors {
    return this.#device.descriptors();
  }
}

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
  const liar = new Liar(soundDevice(dfuse, random), random, random.pick([3, 10, 30, 100]));
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
