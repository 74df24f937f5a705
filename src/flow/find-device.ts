import { idsOf } from '../manifest/index.ts';
import { formatUsbId, idDigits, until } from '../usb/index.ts';
import type { BusDevice, CancelSignal } from '../usb/index.ts';
import { askedFor, lookAround, lookInto } from './devices.ts';
import type { Seen, Surroundings } from './devices.ts';
import { asDfuError, problemOf } from './failure.ts';
import type { FlowFilter } from './flow.ts';
import type { FlowDevice, FlowProblem, FlowState } from './flow-state.ts';
import { said } from './flow-text.ts';

/** What is told at most of devices that are none of those that are meant. */
const MOST_TOLD = 4;

/** How a device is looked for. */
interface FindTerms {
  readonly around: Surroundings;
  /** Ask a person though one is there that fits. */
  readonly another: boolean;
  readonly connected: (device: FlowDevice) => FlowState;
}

/** Finds the device that is meant, or several, or says why there is none. Never throws. */
export async function findDevice(terms: FindTerms, signal: CancelSignal): Promise<FlowState> {
  try {
    const seen = await look(terms, signal);
    if (seen === undefined) return { step: 'idle', problem: undefined };
    const [first, ...more] = seen.devices;
    if (first === undefined) return { step: 'idle', problem: nothing(seen, terms.around) };
    return more.length > 0 ? { step: 'choosing', devices: seen.devices } : terms.connected(first);
  } catch (error) {
    const thrown = asDfuError(error);
    if (thrown.code === 'ABORTED') return { step: 'idle', problem: undefined };
    if (thrown.code !== 'NO_USB') {
      return { step: 'idle', problem: problemOf(thrown, 'connect-failed') };
    }
    return { step: 'unsupported', why: 'no-usb', said: said('no-usb', { words: thrown.message }) };
  }
}

/** What is there, and which device a person has pointed at. */
interface Looked extends Seen {
  readonly pointedAt?: BusDevice | undefined;
}

/** What is there; undefined if a person was asked and chose none. */
async function look(
  { around, another }: FindTerms,
  signal: CancelSignal,
): Promise<Looked | undefined> {
  const { bus, clock } = around;
  if (bus.request === undefined) return lookAround(around, signal);
  if (!another) {
    const seen = await lookAround(around, signal);
    if (new Set(seen.devices.map(deviceIdOf)).size === 1) return seen;
  }
  const asked = bus.request(askedFor(around));
  // Nobody can close the browser's chooser: whoever cancels does not wait for it.
  const device = await until<BusDevice | undefined>(clock, { signal }, ({ resolve, reject }) => {
    asked.then(resolve, reject);
    return undefined;
  });
  return device && { ...(await lookInto(around, [device], signal)), pointedAt: device };
}

const deviceIdOf = ({ interfaces: [first] }: FlowDevice): string | undefined => first?.deviceId;

/** Some of them, in a line. */
function listed(all: readonly (readonly [name: string, ids: string])[]): string {
  const told = all
    .slice(0, MOST_TOLD)
    .map(([name, ids]) => (name === ids ? name : `${name} (${ids})`));
  return [...told, ...(all.length > MOST_TOLD ? ['…'] : [])].join(', ');
}

/** Why nothing that is meant is there. */
function nothing({ strangers, problems, pointedAt }: Looked, around: Surroundings): FlowProblem {
  if (strangers.length > 0) {
    const device = listed(strangers.map(({ name, id }) => [name, id]));
    const { catalogue } = around;
    const expected =
      catalogue === undefined
        ? listed((around.filters ?? []).map((filter) => [filterText(filter), filterText(filter)]))
        : listed(catalogue.manifest.boards.map((board) => [board.name, idsOf(board).join(', ')]));
    return { code: 'REFUSED', said: said('other-device', { device, expected }) };
  }
  const [problem] = problems;
  if (problem !== undefined) {
    return { code: problem.code, said: said('not-readable', { words: problem.message }) };
  }
  if (pointedAt === undefined) return { code: 'NOT_FOUND', said: said('no-device') };
  const device = formatUsbId(pointedAt.descriptor);
  return { code: 'REFUSED', said: said('not-dfu', { device }) };
}

/** `1209:7d02`, with `*` for any. */
function filterText({ vendorId, productId, serialNumber }: FlowFilter): string {
  const ids = [vendorId, productId].map((id) => (id === undefined ? '*' : idDigits(id))).join(':');
  return serialNumber === undefined ? ids : `${ids} ${serialNumber}`;
}
