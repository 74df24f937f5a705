import { DfuError } from '../bytes/index.ts';
import {
  ANY_DFU,
  DescriptorReader,
  UNKNOWN,
  descriptorLimit,
  deviceMs,
  printable,
  scan,
  serialOf,
} from '../host/index.ts';
import type { DfuInterface, Scan } from '../host/index.ts';
import { idsOf } from '../manifest/index.ts';
import type { ManifestBoard } from '../manifest/index.ts';
import { formatUsbId, parseUsbId } from '../usb/index.ts';
import type {
  BusDevice,
  CancelSignal,
  Clock,
  DeviceDescriptor,
  DeviceFilter,
  UsbBus,
} from '../usb/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { FlowFilter } from './flow.ts';
import type { FlowDevice } from './flow-state.ts';
import { versionShown } from './releases.ts';

/** Where devices are looked for, and which are meant. */
export interface Surroundings {
  readonly bus: UsbBus;
  readonly clock: Clock;
  readonly catalogue: Catalogue | undefined;
  readonly filters: readonly FlowFilter[] | undefined;
}

/** What is there. */
export interface Seen {
  /** Those that are meant. */
  readonly devices: readonly FlowDevice[];
  /** Those that speak DFU and are none of the manifest's boards. */
  readonly strangers: readonly FlowDevice[];
  /** Why some could not be looked into. */
  readonly problems: Scan['problems'];
}

/** Which devices a person is shown: those of the filters, else of the manifest's boards, else any with DFU. */
export function askedFor({ filters, catalogue }: Surroundings): readonly DeviceFilter[] {
  if (filters !== undefined && filters.length > 0) return filters;
  const ids = [...new Set(catalogue?.manifest.boards.flatMap(idsOf))];
  if (ids.length === 0) return [ANY_DFU];
  return ids.map(filterOf);
}

/** What a device may be in its other mode, where the manifest says that. */
export function otherModeOf({ board, id }: FlowDevice): readonly DeviceFilter[] | undefined {
  const ids = board === undefined ? [] : idsOf(board);
  const others = ids.filter((each) => each !== id);
  return others.length === 0 ? undefined : others.map(filterOf);
}

/** `1209:7d02` as a filter. */
function filterOf(id: string): DeviceFilter {
  const { idVendor: vendorId, idProduct: productId } = parseUsbId(id);
  return { vendorId, productId };
}

/** Whether a device may be one of these, as far as its descriptor tells before it is opened. */
function mayBe(
  filters: readonly DeviceFilter[],
  { idVendor, idProduct }: DeviceDescriptor,
): boolean {
  return filters.some(
    ({ vendorId = idVendor, productId = idProduct }) =>
      vendorId === idVendor && productId === idProduct,
  );
}

/** Whether its serial number is one that is asked for. */
function hasSerial(filters: readonly DeviceFilter[], device: BusDevice, serial: string): boolean {
  return filters.some(
    (filter) => mayBe([filter], device.descriptor) && (filter.serialNumber ?? serial) === serial,
  );
}

/** A bus with nothing but these on it. */
function only(bus: UsbBus, devices: readonly BusDevice[]): UsbBus {
  return {
    list: () => Promise.resolve([...devices]),
    watch: (listener) => bus.watch(listener),
    close: () => Promise.resolve(),
  };
}

/** What the device calls itself; undefined if it does not say. */
async function productOf(
  device: BusDevice,
  clock: Clock,
  signal: CancelSignal | undefined,
): Promise<string | undefined> {
  const transferMs = descriptorLimit({});
  const totalMs = deviceMs(transferMs);
  try {
    const pipe = await device.open({ timeoutMs: transferMs, totalMs, signal });
    try {
      const reader = new DescriptorReader(pipe, { clock, transferMs, totalMs, signal });
      const product = await reader.string(pipe.device.descriptor.iProduct);
      return product === UNKNOWN ? undefined : product;
    } finally {
      await pipe.close();
    }
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
    return undefined;
  }
}

/** A device with its DFU interfaces, as a person knows it: once for each board that it may be. */
async function describe(
  around: Surroundings,
  device: BusDevice,
  interfaces: readonly [DfuInterface, ...DfuInterface[]],
  signal: CancelSignal | undefined,
): Promise<FlowDevice[]> {
  const [first] = interfaces;
  const product = await productOf(device, around.clock, signal);
  const boards = around.catalogue?.boardsOf(first) ?? [];
  const described = (board: ManifestBoard | undefined): FlowDevice => ({
    name: board?.name ?? (product === undefined ? formatUsbId(first) : printable(product)),
    id: formatUsbId(first),
    product,
    mode: first.mode,
    serial: serialOf(first),
    version: first.mode === 'runtime' ? versionShown(around.catalogue, first.bcdDevice) : undefined,
    board,
    isBoardSaid: boards.length > 1,
    interfaces,
  });
  return boards.length === 0 ? [described(undefined)] : boards.map(described);
}

/** Looks into these devices. Throws `ABORTED`, and what a broken bus throws. */
export async function lookInto(
  around: Surroundings,
  all: readonly BusDevice[],
  signal: CancelSignal | undefined,
): Promise<Seen> {
  const { bus, clock, catalogue, filters = [] } = around;
  const looked = await scan(only(bus, all), { clock, signal });
  const devices: FlowDevice[] = [];
  const strangers: FlowDevice[] = [];
  for (const device of looked.devices.values()) {
    const [first, ...more] = looked.entries.filter(({ deviceId }) => deviceId === device.id);
    if (first === undefined) continue;
    const found = await describe(around, device, [first, ...more], signal);
    const isOfManifest = catalogue === undefined || found[0]?.board !== undefined;
    const isOfFilters = filters.length === 0 || hasSerial(filters, device, first.serial);
    if (isOfManifest && isOfFilters) devices.push(...found);
    else strangers.push(...found.slice(0, 1));
  }
  return { devices, strangers, problems: looked.problems };
}

/** Looks at what is on the bus: first at what may be meant, and only if none of that is at all the rest. */
export async function lookAround(
  around: Surroundings,
  signal: CancelSignal | undefined,
): Promise<Seen> {
  const all = await around.bus.list();
  const filters = askedFor(around);
  const likely = all.filter(({ descriptor }) => mayBe(filters, descriptor));
  const seen = await lookInto(around, likely, signal);
  if (seen.devices.length > 0 || likely.length === all.length) return seen;
  const others = all.filter((device) => !likely.includes(device));
  const rest = await lookInto(around, others, signal);
  return {
    devices: [],
    strangers: [...seen.strangers, ...rest.devices, ...rest.strangers],
    // What cannot be looked into and cannot be meant is nobody's concern.
    problems: seen.problems,
  };
}
