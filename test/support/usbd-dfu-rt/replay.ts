import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { toHex } from '../../../src/bytes/index.ts';
import { attemptNow, wordsOf } from '../replayed.ts';
import { walkDescriptors } from '../../../src/usb/index.ts';
import { RuntimeBench } from './bench.ts';
import type { AllowRule, Consts, RuntimeBenchOptions, Step } from './bench.ts';

/** One recorded case, and in which of its steps this package answers otherwise. */
interface Case {
  readonly name: string;
  readonly steps: number;
  readonly differences: readonly string[];
}

/** The recordings, by file. `differences-0.4.0.json` is about another version of usb-device. */
export const FILES: readonly string[] = [
  'descriptors.json',
  'scenarios.json',
  'random.json',
  'sweep.json',
];

interface DescriptorCase {
  readonly name: string;
  readonly compositeWithIads: boolean;
  readonly interface: number;
  readonly consts: Consts;
  readonly wLength?: number;
  readonly device?: string;
  readonly configuration?: readonly string[];
  readonly configurationRaw?: string;
}

interface StepCase {
  readonly name: string;
  readonly config: string;
  readonly interface: number;
  readonly allow: AllowRule;
  readonly steps: readonly Step[];
}

interface SweepCase {
  readonly config: string;
  readonly state: string;
  readonly bmRequestType: number;
  readonly wIndex: number;
  readonly wLength: number;
  readonly stalled: number;
  readonly stallStage: string;
  readonly notStalled: readonly Step[];
}

type SweepRow = readonly [string, string, number, number, number];

interface VectorFile {
  readonly configs?: Readonly<Record<string, Consts>>;
  readonly allStalled?: readonly SweepRow[];
  readonly cases: readonly (DescriptorCase | StepCase | SweepCase)[];
}

/** Replays one file of recordings, whichever of the three kinds it is. */
export function replay(path: string): readonly Case[] {
  const {
    configs = {},
    allStalled = [],
    cases,
  } = JSON.parse(readFileSync(path, 'utf8')) as VectorFile;
  const rows = allStalled.map(([config, state, bmRequestType, wIndex, wLength]): SweepCase => {
    const row = { config, state, bmRequestType, wIndex, wLength };
    return Object.assign(row, { stalled: 256, stallStage: '', notStalled: [] });
  });
  return [...cases, ...rows].map((each) => {
    try {
      if ('steps' in each) return replaySteps(each, configs);
      return 'consts' in each ? replayDescriptors(each) : replaySweep(each, configs);
    } catch (error) {
      const name = 'name' in each ? each.name : `${each.config} ${each.state}`;
      return { name, steps: 0, differences: [`broke off: ${wordsOf(error)}`] };
    }
  });
}

function difference(where: string, expected: unknown, found: unknown): string[] {
  if (isDeepStrictEqual(expected, found)) return [];
  return [`${where}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`];
}

function replayDescriptors(each: DescriptorCase): Case {
  const { device } = new RuntimeBench(each);
  const { device: bytes, configurations } = device.descriptors();
  const [configuration = new Uint8Array(0)] = configurations;
  const parts = [...walkDescriptors(configuration)].map((part) => toHex(part.bytes));
  const cut = toHex(configuration.subarray(0, each.wLength ?? 0));
  return {
    name: `${each.name}, interface ${each.interface}, IADs ${each.compositeWithIads}`,
    steps: 1,
    differences: [
      ...(each.device === undefined ? [] : difference('device', each.device, toHex(bytes))),
      ...(each.configuration ? difference('configuration', each.configuration, parts) : []),
      ...(each.configurationRaw === undefined ? [] : difference('cut', each.configurationRaw, cut)),
    ],
  };
}

function optionsOf(config: string, configs: Readonly<Record<string, Consts>>): RuntimeBenchOptions {
  const allowByDefault = config === 'defaults';
  if (!allowByDefault && configs[config] === undefined)
    throw new Error(`expected a configuration of the file, got ${config}`);
  return { consts: configs[config] ?? {}, interface: 0, allowByDefault };
}

function replaySteps(each: StepCase, configs: Readonly<Record<string, Consts>>): Case {
  const bench = new RuntimeBench({ ...optionsOf(each.config, configs), ...each });
  const differences = each.steps.flatMap(
    (step, at) =>
      attemptNow(`step ${at}`, () => difference(`step ${at}`, step, bench.run(step))).differences,
  );
  return { name: each.name, steps: each.steps.length, differences };
}

/** Every bRequest, each on a fresh device. */
function replaySweep(each: SweepCase, configs: Readonly<Record<string, Consts>>): Case {
  const { bmRequestType, wIndex, wLength, stallStage } = each;
  const answered: Step[] = [];
  const stages = new Set<string>();
  const data = (bmRequestType & 0x80) === 0 && wLength > 0 ? { data: sent(wLength) } : {};
  const state = each.state === 'appIDLE' ? {} : { state: 1, remaining: 1000 };
  const differences: string[] = [];
  for (let bRequest = 0; bRequest < 256; bRequest += 1) {
    const bench = new RuntimeBench(optionsOf(each.config, configs));
    if (each.state !== 'appIDLE') bench.run({ op: 'control', setup: '2100e80300000000' });
    const setup = toHex(Uint8Array.of(bmRequestType, bRequest, 0, 0, wIndex, 0, wLength, 0));
    const { op: _, ...step } = bench.run({ op: 'control', setup, ...data });
    if (step.result === 'stalled') {
      stages.add(step.stage ?? '');
      const { state: now, remaining } = step;
      const seen = { state: now, ...(remaining !== undefined && { remaining }) };
      differences.push(...difference(setup, { state: 0, ...state }, seen));
    } else answered.push(step as Step);
  }
  differences.push(...difference('answered', each.notStalled, answered));
  if (stallStage !== '') differences.push(...difference('stages', [stallStage], [...stages]));
  const where = `${each.config} ${each.state} ${toHex(Uint8Array.of(bmRequestType))}`;
  return { name: `${where} wIndex ${wIndex} wLength ${wLength}`, steps: 256, differences };
}

function sent(lengthBytes: number): string {
  return toHex(Uint8Array.from({ length: lengthBytes }, (_, at) => at));
}
