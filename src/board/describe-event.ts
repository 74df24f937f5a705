import { hexNumber } from '../bytes/index.ts';
import type { BoardEvent, BoardPowerCut } from './seams/board-event.ts';
import type { BoardFault } from './seams/board-fault.ts';

const bootModes = { dfu: 'DFU mode', application: 'application', none: 'nothing to boot' } as const;

/**
 * An event in words for a person: a line of the console as it is, anything else behind `* `; of a fault several lines.
 */
export function describeEvent(event: BoardEvent): string {
  switch (event.type) {
    case 'console':
      return event.text;
    case 'power':
      return `* power ${event.on ? 'on' : 'off'}${cutWords(event.cut)}`;
    case 'boot': {
      const slot =
        event.slot === undefined ? '' : ` of slot ${event.slot}, version ${event.version}`;
      return `* ${event.cause}: ${bootModes[event.mode]}${slot} (${event.why})`;
    }
    case 'native':
      return `* machine code, SHA-256 ${event.sha256}`;
    case 'usb':
      return event.state === 'detached' ? '* USB detached' : `* USB ${event.state} ${event.id}`;
    case 'fault':
      return [`* ${event.message}`, ...coreLines(event.core)].join('\n');
    case 'download':
      return `* download${toSlot(event.slot)} finished, ${event.bytes} bytes`;
    case 'refused':
      return `* refused${toSlot(event.slot)} after ${event.bytes} bytes: ${event.status}: ${event.reason}`;
    case 'upgrade':
      return `* upgrade requested: slot ${event.slot} is next, ${event.permanent ? 'for good' : 'for a test'}`;
    case 'confirmed':
      return `* image of slot ${event.slot} confirmed`;
    case 'actuator':
      return `* ${event.name} ${event.value === 0 ? 'off' : 'on'}`;
    default:
      return event satisfies never;
  }
}

function toSlot(slot: number | undefined): string {
  return slot === undefined ? '' : ` to slot ${slot}`;
}

const FRAME = ['r0', 'r1', 'r2', 'r3', 'r12', 'lr', 'pc', 'xpsr'];

/** Where a core of machine code was. */
function coreLines(core: BoardFault | undefined): readonly string[] {
  if (core === undefined) return [];
  const { pc, where, lr, caller, xpsr, frame = [] } = core;
  const named = (register: string, value: number, name: string | undefined): string =>
    `${register} ${hexNumber(value, 8)}${name === undefined ? '' : ` ${name}`}`;
  const registers = [
    named('pc', pc, where),
    named('lr', lr, caller),
    named('xpsr', xpsr, undefined),
  ];
  const stacked = frame.map((value, n) => named(FRAME[n] ?? '?', value, undefined));
  return [
    `*   ${registers.join(', ')}`,
    ...(stacked.length === 0 ? [] : [`*   stacked: ${stacked.join(', ')}`]),
  ];
}

/** What a power cut met. */
function cutWords(cut: BoardPowerCut | undefined): string {
  if (cut === undefined) return '';
  const { operation, type, address, bytes, kind } = cut;
  return ` at operation ${operation}, ${type} ${bytes} bytes at ${hexNumber(address, 8)} (${kind})`;
}
