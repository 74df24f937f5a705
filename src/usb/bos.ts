import { DfuError, struct, u16le, u8 } from '../bytes/index.ts';
import type { Struct } from '../bytes/index.ts';
import { DescriptorType, descriptor, throwIt, walkDescriptors } from './descriptors.ts';

/** USB 3.2 §9.6.2: the five bytes in front of the binary device object store. */
interface BosHeader {
  readonly wTotalLength: number;
  readonly bNumDeviceCaps: number;
}

const bosHeader: Struct<BosHeader> = descriptor<BosHeader>('BOS descriptor', DescriptorType.bos, {
  wTotalLength: u16le,
  bNumDeviceCaps: u8,
});

/** One capability of the store: what it is and its bytes behind bDevCapabilityType. */
export interface DeviceCapability {
  /** USB 3.2 table 9-14: 2 is the USB 2.0 extension, 5 a platform capability. */
  readonly bDevCapabilityType: number;
  readonly data: Uint8Array;
}

const capabilityHeader: Struct<{
  bLength: number;
  bDescriptorType: number;
  bDevCapabilityType: number;
}> = struct('device capability', { bLength: u8, bDescriptorType: u8, bDevCapabilityType: u8 });

/** Writes the binary device object store: GET_DESCRIPTOR(BOS) answers it whole. */
export function encodeBos(capabilities: readonly DeviceCapability[]): Uint8Array<ArrayBuffer> {
  const sizes = capabilities.map(({ data }) => capabilityHeader.size + data.length);
  const wTotalLength = sizes.reduce((sum, size) => sum + size, bosHeader.size);
  const bytes = new Uint8Array(wTotalLength);
  bosHeader.encodeInto({ wTotalLength, bNumDeviceCaps: capabilities.length }, bytes, 0);
  let at: number = bosHeader.size;
  for (const { bDevCapabilityType, data } of capabilities) {
    const bLength = capabilityHeader.size + data.length;
    const bDescriptorType = DescriptorType.deviceCapability;
    capabilityHeader.encodeInto({ bLength, bDescriptorType, bDevCapabilityType }, bytes, at);
    bytes.set(data, at + capabilityHeader.size);
    at += bLength;
  }
  return bytes;
}

/** Reads the binary device object store; `problem` as in `decodeConfiguration`. */
export function decodeBos(
  bytes: Uint8Array,
  problem: (error: DfuError) => void = throwIt,
): DeviceCapability[] {
  const { wTotalLength, bNumDeviceCaps } = bosHeader.decode(bytes);
  if (wTotalLength > bytes.length) {
    const message = `BOS descriptor.wTotalLength: ${bytes.length} bytes of ${wTotalLength}`;
    problem(new DfuError('TRUNCATED', message));
  }
  const capabilities: DeviceCapability[] = [];
  for (const item of walkDescriptors(
    bytes.subarray(0, Math.max(wTotalLength, bosHeader.size)),
    problem,
  )) {
    if (item.type !== DescriptorType.deviceCapability) continue;
    if (item.bytes.length < capabilityHeader.size) {
      const where = `device capability at offset ${item.offsetBytes}, bLength`;
      problem(new DfuError('MALFORMED', `${where}: expected at least 3, got ${item.bytes.length}`));
      continue;
    }
    const data = item.bytes.subarray(capabilityHeader.size);
    capabilities.push({ bDevCapabilityType: item.bytes[2] ?? 0, data });
  }
  if (capabilities.length !== bNumDeviceCaps) {
    const message = `BOS descriptor.bNumDeviceCaps: expected ${capabilities.length}, got ${bNumDeviceCaps}`;
    problem(new DfuError('MALFORMED', message));
  }
  return capabilities;
}
