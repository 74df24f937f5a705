import { DfuError, hexNumber } from '../bytes/index.ts';
import { accessibleBytes } from '../dfu/index.ts';
import type { MemoryAccess, MemoryLayout } from '../dfu/index.ts';
import { isAllowed } from './allowances.ts';
import type { Allowing } from './allowances.ts';
import { printable } from './dfu-interface.ts';

/** Bytes of a device's memory, and what is to be done to them. */
interface Range {
  readonly address: number;
  readonly lengthBytes: number;
  readonly access: MemoryAccess;
}

/** What it is measured by. */
interface Measure {
  /** Undefined where the device gives none that can be read. */
  readonly layout: MemoryLayout | undefined;
  readonly modifiers: Allowing;
}

/** One past the last address. */
const ADDRESS_END = 0x1_0000_0000;

/**
 * Whether the device's own layout lets it be done: what was gone past all the same, in words. Throws
 * `OUT_OF_RANGE`, or `UNSUPPORTED` for a device without a layout that is to be written.
 */
export function checkRange(range: Range, { layout, modifiers }: Measure): string[] {
  const { address, lengthBytes, access } = range;
  if (lengthBytes === 0) return [];
  if (address + lengthBytes > ADDRESS_END) {
    const message = `${lengthBytes} bytes at ${hexNumber(address, 8)} go beyond 32 bits of address`;
    throw new DfuError('OUT_OF_RANGE', message);
  }
  if (layout === undefined) return withoutLayout(access, isAllowed(modifiers, 'no-layout'));
  const left = accessibleBytes(layout, address, access);
  const notes = layout.unread === undefined ? [] : [unreadNote(layout.unread)];
  if (left >= lengthBytes) return notes;
  const where = hexNumber(address + left, 8);
  const what = `${lengthBytes} bytes at ${hexNumber(address, 8)}: ${where} is not ${access}`;
  const message = `${what} in "${printable(layout.name.trim())}"`;
  if (isAllowed(modifiers, 'outside-layout')) {
    return [...notes, `${message}; ${access === 'readable' ? 'read' : 'written'} all the same`];
  }
  const also = notes.map((note) => `; ${note}`).join('');
  throw new DfuError('OUT_OF_RANGE', `${message}${also}`, { remedies: ['outside-layout'] });
}

function withoutLayout(access: MemoryAccess, allowed: boolean): string[] {
  const why = 'the name of its alternate setting is no memory layout';
  const message = `the device does not tell where its memory is: ${why}`;
  if (access === 'readable') return [message];
  if (allowed) {
    return [
      `${message}; nothing is erased before it is written, and flash keeps its old bits then`,
    ];
  }
  throw new DfuError('UNSUPPORTED', message, { remedies: ['no-layout'] });
}

function unreadNote(unread: string): string {
  return `the end of its memory layout cannot be read and counts for nothing: "${printable(unread)}"`;
}
