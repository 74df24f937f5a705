import type { BoardEvent } from 'dfukit/board';
import type { BoardAction } from '../../boards/board-client.ts';
import { hexNumber } from '../hex.ts';
import type { BootEvent } from './boot-words.ts';

/** What can be seen of a board at a glance. */
export interface BoardStatus {
  readonly powered: boolean;
  readonly plugged: boolean;
  /** The device's ids once a host could see it; undefined while it is not on the bus. */
  readonly usbId: string | undefined;
  readonly configured: boolean;
  /** The last decision of the bootloader since power-on. */
  readonly boot: BootEvent | undefined;
  /** What has stopped the processor since then. */
  readonly fault: string | undefined;
  readonly boots: number;
  readonly watchdogResets: number;
  /** Lamps and the like that a program has set since power-on. */
  readonly actuators: Readonly<Record<string, number>>;
  /** Buttons that are held. */
  readonly held: readonly string[];
  /** A power cut that is to come, at that operation from when it was ordered. */
  readonly cutOrdered: number | undefined;
  /** What the last power cut met. */
  readonly cut: string | undefined;
}

export const FRESH: BoardStatus = {
  powered: false,
  plugged: true,
  usbId: undefined,
  configured: false,
  boot: undefined,
  fault: undefined,
  boots: 0,
  watchdogResets: 0,
  actuators: {},
  held: [],
  cutOrdered: undefined,
  cut: undefined,
};

/** What an event makes of it. */
export function afterEvent(status: BoardStatus, event: BoardEvent): BoardStatus {
  switch (event.type) {
    case 'power':
      return event.on
        ? { ...status, powered: true, cut: undefined, fault: undefined, boot: undefined }
        : withoutPower(status, event);
    case 'boot':
      return {
        ...status,
        boot: event,
        boots: status.boots + 1,
        watchdogResets: status.watchdogResets + (event.cause === 'watchdog' ? 1 : 0),
        // What a watchdog has ended is still of interest.
        fault: event.cause === 'watchdog' ? status.fault : undefined,
        actuators: {},
      };
    case 'usb':
      return event.state === 'detached'
        ? { ...status, usbId: undefined, configured: false }
        : { ...status, usbId: event.id, configured: event.state === 'configured' };
    case 'fault':
      return { ...status, fault: event.message };
    case 'actuator':
      return { ...status, actuators: { ...status.actuators, [event.name]: event.value } };
    case 'native':
    case 'console':
    case 'download':
    case 'refused':
    case 'upgrade':
    case 'confirmed':
      return status;
    default:
      return event satisfies never;
  }
}

function withoutPower(
  status: BoardStatus,
  { cut }: Extract<BoardEvent, { readonly type: 'power' }>,
): BoardStatus {
  const met =
    cut === undefined
      ? undefined
      : `in the middle of flash operation ${cut.operation}: ${cut.type} of ${cut.bytes} bytes at ${hexNumber(cut.address, 8)} (${cut.kind})`;
  return {
    ...status,
    powered: false,
    usbId: undefined,
    configured: false,
    boot: undefined,
    fault: undefined,
    actuators: {},
    cutOrdered: undefined,
    cut: met,
  };
}

/** What an action makes of it that has been carried out: where that is no event. */
export function afterAction(status: BoardStatus, action: BoardAction): BoardStatus {
  switch (action.do) {
    case 'unplug':
      return { ...status, plugged: false };
    case 'replug':
      return { ...status, plugged: true };
    case 'button': {
      const name = action.name ?? '';
      const others = status.held.filter((each) => each !== name);
      return { ...status, held: action.pressed ? [...others, name] : others };
    }
    case 'cut':
      return { ...status, cutOrdered: action.afterOperations };
    case 'power':
    case 'reset':
    case 'type':
    case 'sense':
    case 'program':
    case 'erase-flash':
      return status;
    default:
      return action satisfies never;
  }
}
