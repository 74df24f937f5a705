import { DfuError, fromHex } from '../bytes/index.ts';
import type { DeviceCapability } from './bos.ts';

/** bDevCapabilityType of a capability that only some platforms know (USB 3.2 table 9-14). */
const PLATFORM_CAPABILITY = 5;

const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i;

/** The UUID on the wire: its first three fields are little endian (RFC 4122 §4.1.2, as a GUID). */
export function uuidBytes(uuid: string): Uint8Array<ArrayBuffer> {
  const [, first, second, third, fourth, last] = UUID.exec(uuid) ?? [];
  if (first === undefined || second === undefined || third === undefined) {
    throw new DfuError('INVALID_ARGUMENT', `expected a UUID, got "${uuid}"`);
  }
  const swapped = [first, second, third].flatMap((hex) => [...fromHex(hex)].toReversed());
  return Uint8Array.of(...swapped, ...fromHex(`${fourth}${last}`));
}

/** A platform capability: UUID and data behind one reserved byte (USB 3.2 §9.6.2.4). */
export function platformCapability(uuid: string, data: Uint8Array): DeviceCapability {
  return {
    bDevCapabilityType: PLATFORM_CAPABILITY,
    data: Uint8Array.of(0, ...uuidBytes(uuid), ...data),
  };
}
