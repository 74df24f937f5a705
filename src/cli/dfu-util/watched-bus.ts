import { DfuRequest, statusAnswer } from '../../dfu/index.ts';
import { RequestType } from '../../usb/index.ts';
import type { BusDevice, ControlPipe, ControlRequest, UsbBus } from '../../usb/index.ts';
import type { StatusNumbers } from './status-words.ts';

/** What is said to a device, and what it answers: dfu-util has a line for each. */
export type Moment =
  | { readonly type: 'claiming' }
  | { readonly type: 'selecting'; readonly alternate: number }
  /** A request of the class is on its way. */
  | { readonly type: 'request'; readonly bRequest: number }
  /** The answer to DFU_GETSTATUS. */
  | ({ readonly type: 'status'; readonly bwPollTimeout: number } & StatusNumbers)
  /** A request of the class came to nothing. */
  | {
      readonly type: 'failed';
      readonly bRequest: number;
      readonly error: unknown;
      /** Whether it had no data: a DFU_DNLOAD is the end of a download then. */
      readonly isEmpty: boolean;
    }
  | { readonly type: 'resetting' };

type Tell = (moment: Moment) => void;

/** Who is told of a device that cannot be opened. */
type Closed = (device: BusDevice, error: unknown) => void;

/** The same bus; what is done to its devices is told. */
export function watchedBus(bus: UsbBus, tell: Tell, closed: Closed): UsbBus {
  const watched = new WeakMap<BusDevice, BusDevice>();
  const deviceOf = (device: BusDevice): BusDevice => {
    const same = watched.get(device) ?? watchedDevice(device, tell, closed);
    watched.set(device, same);
    return same;
  };
  return {
    list: async () => (await bus.list()).map(deviceOf),
    watch: (listener) =>
      bus.watch((event) =>
        listener(event.type === 'attached' ? { ...event, device: deviceOf(event.device) } : event),
      ),
    close: () => bus.close(),
  };
}

function watchedDevice(device: BusDevice, tell: Tell, closed: Closed): BusDevice {
  const { id, location, speed, descriptor } = device;
  const open: BusDevice['open'] = async (limits) => {
    try {
      return watchedPipe(await device.open(limits), tell);
    } catch (error) {
      closed(device, error);
      throw error;
    }
  };
  return { id, location, speed, descriptor, open };
}

/** Bits 6 and 5 of bmRequestType. */
const TYPE_BITS = 0x60;

/** A class request that is told of, and its failure. */
async function told<T>(
  tell: Tell,
  [request, length]: readonly [ControlRequest, number],
  carry: () => Promise<T>,
): Promise<T> {
  const { bmRequestType, bRequest } = request;
  if ((bmRequestType & TYPE_BITS) !== RequestType.class) return carry();
  tell({ type: 'request', bRequest });
  try {
    return await carry();
  } catch (error) {
    tell({ type: 'failed', bRequest, error, isEmpty: length === 0 });
    throw error;
  }
}

function watchedPipe(pipe: ControlPipe, tell: Tell): ControlPipe {
  return {
    device: pipe.device,
    gone: pipe.gone,
    async controlIn(request, length, options) {
      const answer = await told(tell, [request, length], () =>
        pipe.controlIn(request, length, options),
      );
      const isStatus = request.bRequest === DfuRequest.GETSTATUS && length === statusAnswer.size;
      if (isStatus && answer.length === length)
        tell({ type: 'status', ...statusAnswer.decode(answer) });
      return answer;
    },
    controlOut: (request, data, options) =>
      told(tell, [request, data.length], () => pipe.controlOut(request, data, options)),
    claimInterface(interfaceNumber) {
      tell({ type: 'claiming' });
      return pipe.claimInterface(interfaceNumber);
    },
    releaseInterface: (interfaceNumber) => pipe.releaseInterface(interfaceNumber),
    selectAlternate(interfaceNumber, alternate) {
      tell({ type: 'selecting', alternate });
      return pipe.selectAlternate(interfaceNumber, alternate);
    },
    reset() {
      tell({ type: 'resetting' });
      return pipe.reset();
    },
    close: () => pipe.close(),
  };
}
