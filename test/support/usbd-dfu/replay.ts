import { readFileSync } from 'node:fs';
import { Device, DfuSeMode, USBD_DFU } from '../../../src/device/index.ts';
import type { DfuSeModeOptions } from '../../../src/device/index.ts';
import { stateNumber, statusNumber } from '../../../src/dfu/index.ts';
import type { SetupPacket } from '../../../src/usb/index.ts';
import { Wire } from '../../conformance/device-bench.ts';
import { attemptNow } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { RecordedMemory } from './recorded-memory.ts';
import type { Faults, MemoryWords } from './recorded-memory.ts';

/** The files of a folder of these recordings. */
export const FILES = ['descriptors.json', 'scenarios.json', 'matrix.json', 'random.json'] as const;

interface After {
  readonly state: number;
  readonly status: number;
  readonly pointer?: string;
  readonly callbacks?: readonly string[];
}

interface Step extends After {
  readonly op?: string;
  readonly setup?: string;
  readonly data?: string;
  readonly dataLength?: number;
  readonly result?: string;
  readonly stage?: string;
  readonly reply?: string;
  readonly fault?: Faults | null;
  readonly changed?: readonly (readonly [number, string])[];
}

interface Case extends Step {
  readonly name?: string;
  readonly config: string;
  readonly steps?: readonly Step[];
  /** In the matrix: the situation, the request, and what GETSTATUS says then. */
  readonly in?: string;
  readonly request?: string;
  readonly thenGetstatus?: Step;
}

interface Config {
  readonly TRANSFER_SIZE: number;
  readonly HAS_DOWNLOAD?: boolean;
  readonly HAS_UPLOAD?: boolean;
  readonly MANIFESTATION_TOLERANT?: boolean;
  readonly WILL_DETACH?: boolean;
  readonly INITIAL_ADDRESS_POINTER?: string;
}

/** What a configuration may set. */
const CONSTANTS: ReadonlySet<string> = new Set([
  'TRANSFER_SIZE',
  'HAS_DOWNLOAD',
  'HAS_UPLOAD',
  'MANIFESTATION_TOLERANT',
  'WILL_DETACH',
  'INITIAL_ADDRESS_POINTER',
]);

interface Recording {
  readonly memory: MemoryWords & { readonly base: string };
  readonly configs: Readonly<Record<string, Config>>;
  readonly cases: readonly Case[];
}

const pattern = (length: number, seed = 1): string =>
  Buffer.from(Uint8Array.from({ length }, (_, k) => (3 * k + seed) & 0xff)).toString('hex');

/** The requests that lead into the situations of the matrix. */
const GETSTATUS = { setup: 'a103000000000600' };
const MASS_ERASE = { setup: '2101000000000100', data: '41' };
const END = { setup: '2101000000000000' };
const situations: Readonly<Record<string, readonly { setup: string; data?: string }[]>> = {
  '2 idle': [],
  '3 to program': [{ setup: '2101020000004000', data: pattern(64) }],
  '3 to set address': [{ setup: '2101000000000500', data: '2100040008' }],
  '3 to erase': [{ setup: '2101000000000500', data: '4100040008' }],
  '3 done': [MASS_ERASE, GETSTATUS],
  '5 after erase': [MASS_ERASE, GETSTATUS, GETSTATUS],
  '6 to do': [END],
  '6 done': [END, GETSTATUS],
  '8': [END, GETSTATUS],
  '9': [{ setup: 'a102020000004000' }],
  '10 stalled packet': [{ setup: '2104000000000000' }],
  '10 address': [{ setup: '2101000000000500', data: '4100000000' }, GETSTATUS],
};

function packetOf(setup: string): SetupPacket {
  const bytes = Buffer.from(setup, 'hex');
  return {
    bmRequestType: bytes.readUInt8(0),
    bRequest: bytes.readUInt8(1),
    wValue: bytes.readUInt16LE(2),
    wIndex: bytes.readUInt16LE(4),
    wLength: bytes.readUInt16LE(6),
  };
}

/** Where the memory begins: `08000000 (config top: fffff000)`. */
function baseOf(text: string, config: string): number {
  const own = new RegExp(`config ${config}: ([0-9a-f]{8})`).exec(text)?.[1];
  return Number.parseInt(own ?? text.slice(0, 8), 16);
}

/** The crate's device over the recorded memory, at the end of a wire. */
class Bench {
  readonly memory: RecordedMemory;
  readonly mode: DfuSeMode;
  readonly wire: Wire;
  readonly #words: MemoryWords;

  constructor(
    { memory: words, configs }: Recording,
    name: string,
    initialStatus: NonNullable<DfuSeModeOptions['initialStatus']>,
  ) {
    const config = configs[name];
    if (config === undefined) throw new Error(`expected a configuration of the file, got ${name}`);
    const unknown = Object.keys(config).filter((each) => !CONSTANTS.has(each));
    if (unknown.length > 0)
      throw new Error(`expected constants of the crate, got ${unknown.join(', ')}`);
    const base = baseOf(words.base, name);
    const { INITIAL_ADDRESS_POINTER: told } = config;
    const pointer = told === undefined ? base : Number.parseInt(told, 16);
    this.#words = words;
    this.memory = new RecordedMemory(words, base);
    const bmAttributes = {
      canDnload: config.HAS_DOWNLOAD ?? true,
      canUpload: config.HAS_UPLOAD ?? true,
      manifestationTolerant: config.MANIFESTATION_TOLERANT ?? true,
      willDetach: config.WILL_DETACH ?? true,
    };
    this.mode = new DfuSeMode({
      memories: [this.memory],
      profile: USBD_DFU,
      initialAddress: pointer,
      initialStatus,
      // Told also where the address makes no sense and the memory is not asked.
      pollTimesMs: { program: words.PROGRAM_TIME_MS },
      functional: {
        bmAttributes,
        wDetachTimeOut: words.DETACH_TIMEOUT,
        wTransferSize: config.TRANSFER_SIZE,
      },
    });
    this.wire = new Wire(
      new Device({
        identity: { idVendor: 0x1209, idProduct: 0x0001, bcdUSB: 0x0210, bcdDevice: 0x0010 },
        configurations: [{ functions: [this.mode] }],
        ...(USBD_DFU.control && { quirks: USBD_DFU.control }),
      }),
    );
    this.wire.configure();
  }

  /** Does a step, and says where what comes of it differs. */
  run(step: Step): string[] {
    this.memory.callbacks.length = 0;
    const seen = this.#act(step);
    const { mode, memory } = this;
    const got: Record<string, unknown> = {
      ...seen,
      state: stateNumber(mode.state),
      status: statusNumber(mode.status),
      pointer: mode.addressPointer.toString(16).padStart(8, '0'),
      callbacks: memory.callbacks.join(' '),
    };
    const { result, reply, state, status, pointer, callbacks = [] } = step;
    const expected: Record<string, unknown> = {
      ...(result !== undefined && { result, reply: reply ?? '' }),
      state,
      status,
      ...(pointer !== undefined && { pointer }),
      callbacks: callbacks.join(' '),
    };
    return Object.entries(expected)
      .filter(([key, value]) => got[key] !== value)
      .map(([key, value]) => `${key}: expected ${String(value)}, got ${String(got[key])}`);
  }

  #act(step: Step): { result?: string; reply?: string } {
    switch (step.op ?? 'control') {
      case 'control':
        return this.request(step.setup ?? '', step.data);
      case 'reset':
        this.wire.reset();
        // The bus of the recordings goes on without enumerating anew.
        this.wire.configure();
        return {};
      case 'fault':
        this.memory.faults = step.fault ?? {};
        return {};
      case 'memory': {
        const expected = RecordedMemory.expected(this.#words.size, step.changed ?? []);
        const same = Buffer.compare(expected, this.memory.bytes) === 0;
        if (!same) throw new Error(`memory: ${JSON.stringify(this.memory.changed)}`);
        return {};
      }
      case 'setUnexpectedReset':
      case 'setFirmwareCorrupted':
        return {};
      default:
        throw new Error(`no such operation: ${step.op}`);
    }
  }

  request(setup: string, data?: string): { result: string; reply: string } {
    const packet = packetOf(setup);
    const bytes =
      data === undefined ? Buffer.from(pattern(packet.wLength), 'hex') : Buffer.from(data, 'hex');
    const toHost = (packet.bmRequestType & 0x80) !== 0;
    const seen = this.wire.transfer(packet, bytes);
    if (seen.end === 'stall') return { result: 'stalled', reply: '' };
    if (seen.end === 'held') return { result: 'timeout', reply: '' };
    const reply = Buffer.from(seen.bytes).toString('hex');
    return { result: toHost ? 'data' : 'accepted', reply };
  }
}

const startsWith = (step: Step | undefined): 'OK' | 'errPOR' | 'errFIRMWARE' => {
  if (step?.op === 'setUnexpectedReset') return 'errPOR';
  return step?.op === 'setFirmwareCorrupted' ? 'errFIRMWARE' : 'OK';
};

function replayCase(recording: Recording, each: Case): string[] {
  const steps = each.steps ?? [each];
  const bench = new Bench(recording, each.config, startsWith(steps[0]));
  const before = each.in === undefined ? [] : situations[each.in];
  if (before === undefined)
    throw new Error(`expected a situation that is known here, got ${each.in}`);
  for (const { setup, data } of before) bench.request(setup, data);
  const then = each.thenGetstatus;
  const all = then === undefined ? steps : [...steps, { ...GETSTATUS, ...then }];
  return all.flatMap((step, index) => {
    const where = `step ${index} ${step.setup ?? step.op ?? ''}`;
    // What GETSTATUS made the memory do is recorded only where something follows it.
    const { differences } = attemptNow(where, () => bench.run(step));
    return differences.map((difference) => `${where}: ${difference}`);
  });
}

/** Replays one file. */
export function replay(path: string): ReplayedCase[] {
  const recording = JSON.parse(readFileSync(path, 'utf8')) as Recording;
  return recording.cases.map((each, index) => {
    const title = each.name ?? `${each.request ?? ''} in ${each.in ?? ''}`;
    const name = `${index} ${title} (${each.config})`;
    return attemptNow(name, () => replayCase(recording, each));
  });
}
