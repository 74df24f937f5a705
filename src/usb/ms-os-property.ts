import { DfuError, viewOf } from '../bytes/index.ts';

/** Types of a value in the Windows registry, as both versions of the descriptors number them. */
export const PropertyType = {
  REG_SZ: 1,
  REG_EXPAND_SZ: 2,
  REG_BINARY: 3,
  REG_DWORD_LITTLE_ENDIAN: 4,
  REG_DWORD_BIG_ENDIAN: 5,
  REG_LINK: 6,
  REG_MULTI_SZ: 7,
} as const;

/** A value that Windows writes into the registry key of the device. */
export interface RegistryProperty {
  readonly name: string;
  readonly type: keyof typeof PropertyType;
  /** As the registry holds it; texts in UTF-16LE, each with its NUL. */
  readonly data: Uint8Array;
}

/** Text in UTF-16LE with a NUL behind it. */
export function propertyText(value: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((value.length + 1) * 2);
  const view = viewOf(bytes);
  for (let at = 0; at < value.length; at += 1) {
    view.setUint16(at * 2, value.charCodeAt(at), true);
  }
  return bytes;
}

const GUID = /^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/i;

/**
 * The names under which programs on Windows find the interface of a device that WinUSB drives (libusb
 * needs one). `{…}` with braces, each. Throws `INVALID_ARGUMENT`.
 */
export function interfaceGuids(...guids: readonly string[]): RegistryProperty {
  const wrong = guids.find((guid) => !GUID.test(guid));
  if (wrong !== undefined || guids.length === 0) {
    const expected = 'expected {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}';
    throw new DfuError('INVALID_ARGUMENT', `interface GUID: ${expected}, got "${wrong ?? ''}"`);
  }
  // A list of texts (REG_MULTI_SZ) ends with an empty one.
  const data = propertyText(`${guids.join('\0')}\0`);
  return { name: 'DeviceInterfaceGUIDs', type: 'REG_MULTI_SZ', data };
}

/** Windows asks for these bytes by vendor requests; they lie one behind the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
