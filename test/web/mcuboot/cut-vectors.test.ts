import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { powerCutKinds } from 'dfukit/flash';
import { strFromU8, strToU8, unzipSync } from 'fflate';
import { expect, onTestFinished, test } from 'vitest';
import type { CutOrder } from '../../../web/lab/mcuboot/cut-calls.ts';
import { CutStage } from '../../../web/lab/mcuboot/cut-stage.ts';
import { runVectors } from '../../support/vector-run.ts';

/** The revert of a small device, cut twice: MCUboot loses there. */
const order: CutOrder = {
  scenario: {
    board: '',
    mode: 'swap-using-offset',
    sectorBytes: 1024,
    sectors: 8,
    scratchSectors: 2,
    writeUnit: 4,
    oldBytes: 3000,
    newBytes: 3500,
    request: 'test',
  },
  story: [{ do: 'boot' }],
  kinds: powerCutKinds,
  twice: true,
};

type Files = Readonly<Record<string, Uint8Array>>;

interface BootFile {
  readonly steps: readonly { readonly outcome: string; readonly bootVersion: string | null }[];
}

/** What `npm run vectors` says of a folder with these files: its exit code and its last line. */
async function replayed(files: Files): Promise<{ exit: number; last: string | undefined }> {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-cuts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  return { exit: await runVectors(folder, { print: say, warn: say }), last: said.at(-1) };
}

test('the zip of a loss is replayed by `npm run vectors`, to the end that the page tells', async () => {
  const stage = new CutStage();
  const { findings } = await stage.explore(order);
  expect(findings.map(({ outcome }) => outcome)).toEqual(['halts', 'other-image', 'halts']);
  for (const [n, finding] of findings.entries()) {
    const files = unzipSync(await stage.vectors(n));
    const path = Object.keys(files).find((each) => each.startsWith('boot/')) ?? '';
    const recorded = JSON.parse(strFromU8(files[path] ?? new Uint8Array())) as BootFile;
    const ends = recorded.steps.map(({ outcome, bootVersion }) => bootVersion ?? outcome);
    expect(ends).toEqual(finding.path.map((end) => (end === 'fault' ? 'signal' : end)));
    const last = expect.stringMatching(/^[1-9]\d* passed, 0 failed$/);
    expect(await replayed(files)).toEqual({ exit: 0, last });

    // A replay that passes whatever it finds would be none.
    const steps = recorded.steps.map((step) => ({ ...step, bootVersion: '9.9.9+9' }));
    const altered = { ...files, [path]: strToU8(JSON.stringify({ ...recorded, steps })) };
    expect(await replayed(altered)).toMatchObject({ exit: 1 });
  }
});
