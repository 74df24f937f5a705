import { DfuRequest } from '../../dfu/index.ts';
import { isIn } from '../../usb/index.ts';
import type { SetupPacket } from '../../usb/index.ts';
import type { DfuEvent } from './machine.ts';
import type { ConversationProfile } from './profile.ts';

/** Bits 6..5 of bmRequestType: class. */
const CLASS = 0x20;

/**
 * Which event of the state machine a request is. A request in the wrong direction, or with a data
 * stage that it does not have, is one that DFU does not know. Undefined: no request of this class.
 */
export function dfuEvent(
  packet: SetupPacket,
  profile: Pick<ConversationProfile, 'highestRequest' | 'ignoresDirection' | 'takesStrayData'> = {},
): DfuEvent | undefined {
  if ((packet.bmRequestType & 0x60) !== CLASS) return undefined;
  const { bRequest, wLength } = packet;
  if (bRequest > (profile.highestRequest ?? 0xff)) return undefined;
  const event = eventOf(bRequest, wLength);
  if (profile.ignoresDirection === true || isRightWay(event, packet)) return event;
  const stray = profile.takesStrayData === true && event === 'DETACH' && !isIn(packet);
  return stray ? event : 'OTHER';
}

function eventOf(bRequest: number, wLength: number): DfuEvent {
  switch (bRequest) {
    case DfuRequest.DNLOAD:
      return wLength === 0 ? 'DNLOAD_END' : 'DNLOAD';
    case DfuRequest.UPLOAD:
      return 'UPLOAD';
    case DfuRequest.GETSTATUS:
      return 'GETSTATUS';
    case DfuRequest.GETSTATE:
      return 'GETSTATE';
    case DfuRequest.DETACH:
      return 'DETACH';
    case DfuRequest.CLRSTATUS:
      return 'CLRSTATUS';
    case DfuRequest.ABORT:
      return 'ABORT';
    default:
      return 'OTHER';
  }
}

const TO_HOST: ReadonlySet<DfuEvent> = new Set(['UPLOAD', 'GETSTATUS', 'GETSTATE']);
const WITHOUT_DATA: ReadonlySet<DfuEvent> = new Set(['DETACH', 'CLRSTATUS', 'ABORT']);

/** Whether the data stage is the one of DFU 1.1 table 3.2. */
function isRightWay(event: DfuEvent, packet: SetupPacket): boolean {
  if (TO_HOST.has(event)) return isIn(packet);
  if (isIn(packet)) return event === 'OTHER';
  return packet.wLength === 0 || !WITHOUT_DATA.has(event);
}

/** What is wrong with a block of more than wTransferSize; undefined: nothing that the profile minds. */
export function tooLong(
  event: DfuEvent,
  wLength: number,
  profile: Pick<ConversationProfile, 'limitsBlocks' | 'limitsUploads'>,
): string | undefined {
  const limited =
    (event === 'DNLOAD' && profile.limitsBlocks) ||
    (event === 'UPLOAD' && profile.limitsUploads === true);
  return limited ? `a block of ${wLength} bytes` : undefined;
}

/** Bytes of the answer that a request has whatever wLength says. */
export function leastAnswer(event: DfuEvent): number {
  if (event === 'GETSTATUS') return 6;
  return event === 'GETSTATE' ? 1 : 0;
}
