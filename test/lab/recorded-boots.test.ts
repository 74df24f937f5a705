import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { BootOperation, BootResult } from '../../src/boot/mcuboot/index.ts';
import { ran } from '../support/fake-terminal.ts';
import type { Device } from '../support/mcuboot/replay.ts';
import { openDevice, operationText, outcomeOf, replayStep } from '../support/mcuboot/replay.ts';
import type { VectorStep } from '../support/mcuboot/vector-files.ts';
import { VectorFolder, contentsOf, hashOf } from '../support/mcuboot/vector-files.ts';
import { sha256 } from '../support/riotboot-vectors.ts';

// Every boot that was recorded, through `dfukit flash boot` with the recording for its layout; and what `why` and
// `inspect` say of it beforehand.

const root = resolve(import.meta.dirname, '../vectors/mcuboot');
const vectors = new VectorFolder(root);
const folder = mkdtempSync(join(tmpdir(), 'dfukit-recorded-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Report {
  readonly steps: readonly {
    readonly version?: string;
    readonly operations: readonly BootOperation[];
    readonly result: BootResult;
  }[];
}

/** What no layout file says: the counters in the hardware. Its keys it names. */
function told({ securityCountersBefore = [] }: VectorStep): string[] {
  return securityCountersBefore.flatMap((value) => ['--counter', String(value)]);
}

/** What `why` and `inspect` say runs of the first pair, and whether `why` ends with 0. */
async function foretold(name: string, device: Device, step: VectorStep): Promise<object> {
  const dump = join(folder, 'dump.bin');
  writeFileSync(dump, contentsOf(device.flash));
  const layout = [dump, '--layout', join(root, `${name}.json`), ...told(step)];
  const why = await ran(['flash', 'why', ...layout]);
  const runs = [...why.out.matchAll(/^(?:primary|secondary)0 (\S+).*: runs: /gm)].map(([, v]) => v);
  const { out } = await ran(['flash', 'inspect', ...layout]);
  const [, next] = /the next boot (?!finds nothing)(?:.*? )?runs (\d\S*\+\d+)/.exec(out) ?? [];
  return { exit: why.exit, runs, next };
}

const toForetell = ({ outcome, bootVersion }: VectorStep): object =>
  outcome === 'ok'
    ? { exit: 0, runs: [bootVersion], next: bootVersion }
    : { exit: 1, runs: [], next: undefined };

async function bootByCommand(name: string, device: Device, step: VectorStep): Promise<object> {
  const [dump, after] = [join(folder, 'dump.bin'), join(folder, 'after.bin')];
  writeFileSync(dump, contentsOf(device.flash));
  const layout = ['--layout', join(root, `${name}.json`)];
  const { out, err } = await ran(
    ['flash', 'boot', dump, ...layout, ...told(step)].concat(['--json', '-o', after]),
  );
  if (out === '') return { err };
  const [boot] = (JSON.parse(out) as Report).steps;
  return {
    outcome: boot === undefined ? 'none' : outcomeOf(boot.result),
    version: boot?.version ?? null,
    log: boot?.result.log,
    ops: boot?.operations.map((each) => operationText(each)).join(' '),
    flash: sha256(readFileSync(after)),
  };
}

const recorded = ({
  outcome,
  bootVersion,
  log,
  ops = '',
  flashAfterSha256,
}: VectorStep): object => ({
  outcome,
  version: bootVersion ?? null,
  log,
  ops,
  flash: flashAfterSha256,
});

describe('dfukit flash boot does what was recorded', () => {
  test.each(vectors.list('boot'))('%s', async (name) => {
    const device = await openDevice(vectors, name);
    const found: object[] = [];
    for (const step of device.vector.steps) {
      if (step.op === 'boot') found.push(await bootByCommand(name, device, step));
      await replayStep(device, step);
      expect(hashOf(device.flash)).toBe(step.flashAfterSha256);
    }
    const boots = device.vector.steps.filter(({ op }) => op === 'boot');
    expect(found).toEqual(boots.map((step) => recorded(step)));
  });
});

describe('dfukit flash why and inspect say beforehand what was recorded', () => {
  test.each(vectors.list('boot'))('%s', async (name) => {
    const device = await openDevice(vectors, name);
    const found: object[] = [];
    for (const step of device.vector.steps) {
      if (step.op === 'boot') found.push(await foretold(name, device, step));
      await replayStep(device, step);
    }
    const boots = device.vector.steps.filter(({ op }) => op === 'boot');
    expect(found).toEqual(boots.map((step) => toForetell(step)));
  });
});
