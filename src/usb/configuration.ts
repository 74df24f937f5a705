import { DfuError } from '../bytes/index.ts';
import {
  DescriptorType,
  configurationDescriptor,
  endpointDescriptor,
  interfaceAssociation,
  interfaceDescriptor,
  throwIt,
  walkDescriptors,
} from './descriptors.ts';
import type {
  ConfigurationDescriptor,
  EndpointDescriptor,
  InterfaceAssociation,
  InterfaceDescriptor,
  RawDescriptor,
} from './descriptors.ts';

/** One alternate setting of one interface, with what follows it on the wire. */
export interface InterfaceSetting {
  readonly descriptor: InterfaceDescriptor;
  readonly endpoints: readonly EndpointDescriptor[];
  /** Class-specific descriptors behind this setting, in wire order. */
  readonly extra: readonly RawDescriptor[];
}

/** A configuration with everything in it (USB 2.0 §9.4.3). */
export interface Configuration {
  readonly descriptor: ConfigurationDescriptor;
  readonly associations: readonly InterfaceAssociation[];
  /** Every alternate setting of every interface, in wire order. */
  readonly settings: readonly InterfaceSetting[];
  /** Class-specific descriptors in front of the first interface. */
  readonly extra: readonly RawDescriptor[];
}

interface OpenSetting {
  descriptor: InterfaceDescriptor;
  endpoints: EndpointDescriptor[];
  extra: RawDescriptor[];
}

/**
 * Reads a whole configuration. Devices lie in these bytes, so nothing in them is believed: each
 * problem is told to `problem` with its offset and field, and reading goes on with what makes sense.
 * Without `problem` the first one is thrown.
 */
export function decodeConfiguration(
  bytes: Uint8Array,
  problem: (error: DfuError) => void = throwIt,
): Configuration {
  const descriptor = configurationDescriptor.decode(bytes);
  const { wTotalLength } = descriptor;
  if (wTotalLength > bytes.length) {
    const message = `configuration descriptor.wTotalLength: ${bytes.length} bytes of ${wTotalLength}`;
    problem(new DfuError('TRUNCATED', message));
  }
  const associations: InterfaceAssociation[] = [];
  const settings: OpenSetting[] = [];
  const extra: RawDescriptor[] = [];
  const seen = new Set<number>();
  const start = bytes[0] ?? 0;
  for (const item of walkDescriptors(bytes.subarray(0, Math.max(wTotalLength, start)), problem)) {
    if (item.offsetBytes === 0) continue;
    try {
      place(item);
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      problem(new DfuError(error.code, `at offset ${item.offsetBytes}: ${error.message}`));
    }
  }
  return { descriptor, associations, settings, extra };

  function place(item: RawDescriptor): void {
    switch (item.type) {
      case DescriptorType.interface: {
        const setting = interfaceDescriptor.decode(item.bytes);
        const key = setting.bInterfaceNumber * 256 + setting.bAlternateSetting;
        if (seen.has(key)) {
          const which = `interface ${setting.bInterfaceNumber} alternate ${setting.bAlternateSetting}`;
          throw new DfuError('MALFORMED', `interface descriptor: ${which} stands there twice`);
        }
        seen.add(key);
        settings.push({ descriptor: setting, endpoints: [], extra: [] });
        return;
      }
      case DescriptorType.endpoint:
        settings.at(-1)?.endpoints.push(endpointDescriptor.decode(item.bytes));
        return;
      case DescriptorType.interfaceAssociation:
        associations.push(interfaceAssociation.decode(item.bytes));
        return;
      case DescriptorType.configuration:
        throw new DfuError('MALFORMED', 'configuration descriptor: a second one inside the first');
      default:
        (settings.at(-1)?.extra ?? extra).push(item);
    }
  }
}

/** What `encodeConfiguration` needs of an interface setting. */
export interface SettingParts {
  readonly descriptor: InterfaceDescriptor;
  readonly endpoints?: readonly EndpointDescriptor[] | undefined;
  /** Class-specific descriptors, whole, written between interface and endpoints. */
  readonly extra?: readonly Uint8Array[] | undefined;
  /** Written in front of this setting. */
  readonly association?: InterfaceAssociation | undefined;
}

/** Writes a whole configuration; wTotalLength and bNumInterfaces are worked out here. */
export function encodeConfiguration(
  head: Omit<ConfigurationDescriptor, 'wTotalLength' | 'bNumInterfaces'>,
  settings: readonly SettingParts[],
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const { association, descriptor, extra = [], endpoints = [] } of settings) {
    if (association !== undefined) parts.push(interfaceAssociation.encode(association));
    parts.push(interfaceDescriptor.encode({ ...descriptor, bNumEndpoints: endpoints.length }));
    parts.push(...extra, ...endpoints.map((endpoint) => endpointDescriptor.encode(endpoint)));
  }
  const size = configurationDescriptor.size;
  const wTotalLength = parts.reduce((sum, part) => sum + part.length, size);
  const bNumInterfaces = new Set(settings.map((each) => each.descriptor.bInterfaceNumber)).size;
  const bytes = new Uint8Array(Math.min(wTotalLength, 0x10000));
  configurationDescriptor.encodeInto({ ...head, wTotalLength, bNumInterfaces }, bytes, 0);
  let at = size;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
