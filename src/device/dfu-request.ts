import { DfuRequest } from '../dfu/index.ts';
import { isIn } from '../usb/index.ts';
import type { SetupPacket } from '../usb/index.ts';
import type { DfuEvent } from './dfu-machine.ts';

/** Bits 6..5 of bmRequestType: class. */
const CLASS = 0x20;

/**
 * Which event of the state machine a request is. A request in the wrong direction, or with a data
 * stage that it does not have, is one that DFU does not know. Undefined: no class request at all.
 */
export function dfuEvent(packet: SetupPacket): DfuEvent | undefined {
  if ((packet.bmRequestType & 0x60) !== CLASS) return undefined;
  const toHost = isIn(packet);
  const { bRequest, wLength } = packet;
  switch (bRequest) {
    case DfuRequest.DNLOAD:
      if (toHost) return 'OTHER';
      return wLength === 0 ? 'DNLOAD_END' : 'DNLOAD';
    case DfuRequest.UPLOAD:
      return toHost ? 'UPLOAD' : 'OTHER';
    case DfuRequest.GETSTATUS:
      return toHost ? 'GETSTATUS' : 'OTHER';
    case DfuRequest.GETSTATE:
      return toHost ? 'GETSTATE' : 'OTHER';
    case DfuRequest.DETACH:
      return toHost || wLength > 0 ? 'OTHER' : 'DETACH';
    case DfuRequest.CLRSTATUS:
      return toHost || wLength > 0 ? 'OTHER' : 'CLRSTATUS';
    case DfuRequest.ABORT:
      return toHost || wLength > 0 ? 'OTHER' : 'ABORT';
    default:
      return 'OTHER';
  }
}
