import { OUT, STATUS, isIn } from '../../usb/index.ts';
import type { SetupAnswer, SetupPacket } from '../../usb/index.ts';
import type { DfuProfile } from './profile.ts';

const NO_BYTES: SetupAnswer = { stage: 'in', data: new Uint8Array(0) };

/** Acknowledged, and no more: no bytes to the host, and those from it are not looked at. */
export function acknowledged(packet: SetupPacket): SetupAnswer {
  if (isIn(packet)) return NO_BYTES;
  return packet.wLength > 0 ? OUT : STATUS;
}

/** What DFU_GETSTATUS and DFU_GETSTATE have to say, as far as the profile lets them say it. */
export function told(packet: SetupPacket, data: Uint8Array, profile: DfuProfile): SetupAnswer {
  const fits = profile.exactLengths !== true || packet.wLength === data.length;
  return fits && isIn(packet) ? { stage: 'in', data } : acknowledged(packet);
}
