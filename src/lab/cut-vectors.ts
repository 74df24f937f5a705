import type { AreaName, BootOperation, BootResult } from '../boot/mcuboot/index.ts';
import { ApplicationSide, MemoryCounters, boot } from '../boot/mcuboot/index.ts';
import { DfuError, hexNumber, toHex } from '../bytes/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import type { PowerCutKind } from '../flash/index.ts';
import { formatVersion, platformCrypto } from '../image/index.ts';
import { dumpOf, forkDevice } from './device.ts';
import type { LabDevice } from './device.ts';
import type { CutFinding, CutReport } from './cut-report.ts';
import type { VectorConfig } from './vector-config.ts';

/** A file of a folder of vectors. */
export interface VectorFile {
  /** From the folder: `boot/…json`, `powercut/…json`, `flash/…bin.gz` (to be packed with gzip). */
  readonly path: string;
  readonly contents: string | Uint8Array<ArrayBuffer>;
}

/** Which file of the folder a finding is in. */
export interface FindingVectors {
  readonly names: readonly string[];
  readonly files: readonly VectorFile[];
}

const areaIds: Readonly<Record<string, number>> = {
  primary0: 1,
  secondary0: 2,
  scratch: 3,
  primary1: 4,
  secondary1: 5,
};

/** Number of an area in `ops`; further image pairs go on behind the ones that are fixed. */
function areaId(area: AreaName): number {
  const known = areaIds[area];
  if (known !== undefined) return known;
  return 2 * Number(area.replace(/^\D+/, '')) + (area.startsWith('primary') ? 2 : 3);
}

function operationText({ kind, area, offsetBytes, lengthBytes }: BootOperation): string {
  const letter = kind === 'erase' ? 'e' : 'w';
  return `${letter}${areaId(area)}:${offsetBytes.toString(16)}:${lengthBytes}`;
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await platformCrypto().subtle.digest('SHA-256', bytes);
  return toHex(new Uint8Array(digest));
}

function outcomeText({ outcome }: BootResult): string {
  return outcome === 'fault' ? 'signal' : outcome;
}

function versionText({ image }: BootResult): string | null {
  return image === undefined ? null : formatVersion(image.header.version);
}

interface Booted {
  readonly result: BootResult;
  readonly ops: readonly string[];
}

/** Boots for real, with the power cut at an operation where one is given. */
async function bootOnce(
  { flash, config, judge }: LabDevice,
  counters: MemoryCounters,
  cutAt?: number,
): Promise<Booted> {
  const ops: string[] = [];
  const onOperation = (operation: BootOperation): void => {
    if (ops.length === cutAt) throw new DfuError('POWER_LOST', 'the power was cut');
    ops.push(operationText(operation));
  };
  const result = await boot({ flash, config, judge, counters, onOperation });
  return { result, ops };
}

class Writer {
  readonly #device: LabDevice;
  readonly #config: VectorConfig;
  readonly #files = new Map<string, VectorFile>();

  constructor(device: LabDevice, config: VectorConfig) {
    this.#device = device;
    this.#config = config;
  }

  get files(): VectorFile[] {
    return [...this.#files.values()];
  }

  json(path: string, value: object): void {
    this.#files.set(path, { path, contents: `${JSON.stringify(value, null, 1)}\n` });
  }

  /** Keeps a dump under its hash. */
  async flash(contents: Uint8Array<ArrayBuffer>): Promise<{ file: string; sha256: string }> {
    const sha256 = await hashOf(contents);
    const file = `flash/${sha256.slice(0, 20)}.bin.gz`;
    this.#files.set(file, { path: file, contents });
    return { file, sha256 };
  }

  /** The device as the last cut left it, and its boots until it rests or clearly never will. */
  async boots(name: string, title: string, { spot }: CutFinding, steps: number): Promise<void> {
    const { geometry } = this.#device.flash;
    const contents = new Uint8Array(spot.state.storage.sizeBytes);
    spot.state.storage.read(0, contents, contents.length);
    const initial = await this.flash(contents);
    const device = { ...this.#device, flash: new MemoryFlash(geometry, contents) };
    const counters = new MemoryCounters(spot.counters);
    const done: object[] = [];
    for (let n = 0; n < steps; n += 1) done.push(await this.#step(device, counters));
    this.json(`boot/${name}.json`, {
      name,
      title,
      config: this.#config,
      flashInitial: initial.file,
      flashInitialSha256: initial.sha256,
      steps: done,
    });
  }

  async #step(device: LabDevice, counters: MemoryCounters): Promise<object> {
    const { config, flash } = device;
    const side = new ApplicationSide(flash, config);
    const several = config.images.length > 1;
    const named = (types: readonly string[]): unknown =>
      several ? Object.fromEntries(types.map((type, n) => [String(n), type])) : types[0];
    const predicted = config.images.map((_, n) => side.swapType(n));
    const rollback = config.hwRollbackProtection === true;
    const count = Math.max(2, config.images.length);
    const values = (): number[] => Array.from({ length: count }, (_, n) => counters.read(n));
    const before = values();
    const { result, ops } = await bootOnce(device, counters);
    const after = await this.flash(dumpOf(flash));
    const { header, offsetBytes } = result.image ?? {};
    return {
      op: 'boot',
      outcome: outcomeText(result),
      swapTypePredicted: named(predicted),
      swapTypeFinal: named(result.swapTypes),
      bootOffset: offsetBytes,
      bootVersion: versionText(result),
      imageHeaderSize: header?.hdrSize,
      imageSize: header?.imgSize,
      securityCountersBefore: rollback ? before : undefined,
      securityCountersAfter: rollback ? values() : undefined,
      log: result.log,
      opCount: ops.length,
      ops: ops.join(' '),
      flashAfter: after.file,
      flashAfterSha256: after.sha256,
    };
  }

  /** How the power was cut and what the boot after it did, where this shape of file can say it. */
  async cuts(name: string, title: string, finding: CutFinding): Promise<void> {
    const { cuts } = finding;
    const initial = await this.flash(dumpOf(this.#device.flash));
    const whole = forkDevice(this.#device);
    const { result, ops } = await bootOnce(whole, this.#counters());
    const logs: string[] = [];
    const common = {
      name,
      title,
      config: this.#config,
      flashInitial: initial.file,
      flashInitialSha256: initial.sha256,
      opCount: ops.length,
      uninterrupted: {
        outcome: outcomeText(result),
        version: versionText(result),
        flashAfterSha256: await hashOf(dumpOf(whole.flash)),
        ops: ops.join(' '),
        log: result.log,
      },
    };
    const [first] = cuts;
    const row = cuts.length === 1 ? await this.#row(finding, logs) : undefined;
    const torn = first?.kind === 'torn';
    this.json(`powercut/${name}.json`, {
      ...common,
      cuts: row === undefined || torn ? [] : [row],
      tornCuts: torn ? (row === undefined ? [] : [row]) : undefined,
      multiCuts: cuts.length === 1 ? [] : [await this.#multiRow(finding)],
      logs,
    });
  }

  #counters(): MemoryCounters {
    return new MemoryCounters(this.#device.counters ?? []);
  }

  /** The device as the cut left it, whatever is known of the counters. */
  #cutDevice({ spot }: CutFinding): LabDevice {
    const contents = new Uint8Array(spot.state.storage.sizeBytes);
    spot.state.storage.read(0, contents, contents.length);
    return { ...this.#device, flash: new MemoryFlash(this.#device.flash.geometry, contents) };
  }

  async #row(finding: CutFinding, logs: string[]): Promise<unknown[]> {
    const device = this.#cutDevice(finding);
    const atCut = await hashOf(dumpOf(device.flash));
    const { result, ops } = await bootOnce(device, new MemoryCounters(finding.spot.counters));
    const after = await hashOf(dumpOf(device.flash));
    logs.push(result.log.join('\n'));
    const [cut] = finding.cuts;
    const hashes = [atCut.slice(0, 32), outcomeText(result), after.slice(0, 32)];
    return [cut?.operation, ...hashes, versionText(result), ops.length, logs.length - 1];
  }

  async #multiRow({ cuts }: CutFinding): Promise<unknown[]> {
    const device = forkDevice(this.#device);
    const counters = this.#counters();
    const outcomes: string[] = [];
    for (const { operation } of cuts) {
      outcomes.push(outcomeText((await bootOnce(device, counters, operation)).result));
    }
    const { result } = await bootOnce(device, counters);
    const after = await hashOf(dumpOf(device.flash));
    const numbers = cuts.map(({ operation }) => operation);
    return [numbers, outcomes, outcomeText(result), after.slice(0, 32), versionText(result)];
  }
}

/**
 * Whether a file of `powercut/` can say where it began and how the power was cut: counters in hardware,
 * torn tails and torn pairs it cannot.
 */
function canSay(
  { counters = [] }: LabDevice,
  cuts: readonly { readonly kind: PowerCutKind }[],
): boolean {
  if (counters.some((value) => value > 0)) return false;
  const kinds = new Set(cuts.map(({ kind }) => kind));
  if (kinds.has('torn-tail')) return false;
  return cuts.length === 1 || !kinds.has('torn');
}

function titleOf({ cuts, outcome, path }: CutFinding, { operations }: CutReport): string {
  const words = cuts.map(({ operation, kind }, n) => {
    const what = n === 0 ? operations[operation] : undefined;
    const place =
      what === undefined ? '' : ` (${what.kind} ${what.area} ${hexNumber(what.offsetBytes)})`;
    return `${kind} cut at operation ${operation}${place}`;
  });
  return `${words.join(', then ')}: ${outcome}; boots run ${path.join(', ')}`;
}

/**
 * Writes a finding as vector files: `boot/NAME.json` begins with the device as the last cut left it and
 * boots it until it rests; `powercut/NAME.json`, where that shape of file can say it, begins with the
 * dump and cuts the power. `npm run vectors` replays them. Every boot in them was done for real.
 */
export async function findingVectors(
  device: LabDevice,
  config: VectorConfig,
  {
    report,
    finding,
    name,
  }: { readonly report: CutReport; readonly finding: CutFinding; readonly name: string },
): Promise<FindingVectors> {
  const writer = new Writer(device, config);
  const title = titleOf(finding, report);
  const names = [`boot/${name}.json`];
  await writer.boots(name, title, finding, finding.outcome === 'restless' ? 3 : finding.boots);
  if (canSay(device, finding.cuts)) {
    names.push(`powercut/${name}.json`);
    await writer.cuts(name, title, finding);
  }
  return { names, files: writer.files };
}
