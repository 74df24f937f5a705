import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FailingDevice, faults, isBlock } from '../support/failing-device.ts';
import type { Fault } from '../support/failing-device.ts';
import type { Ran } from '../support/fake-terminal.ts';
import { clearFiles, judge, judgeReplay, liesOf, runLine } from './command-bench.ts';
import type { Run } from './command-bench.ts';
import { board, dfuse, dfuseFlash, everyTransfer, image, someTransfers } from './command-lines.ts';
import type { CommandLine, Subject } from './command-lines.ts';

/* Every command, with a device that fails it at each transfer of the conversation in turn. */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-each-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Failed extends Run {
  readonly failing: FailingDevice;
}

async function failed(
  line: CommandLine,
  [fault, at]: readonly [Fault, number],
  subject: Subject = line.subject(),
): Promise<Failed> {
  clearFiles(folder);
  const failing = new FailingDevice(subject.device, fault, at);
  const disguise = (): { device: FailingDevice; arm: () => void } => ({
    device: failing,
    arm: () => failing.arm(),
  });
  return { ...(await runLine(line, { folder, subject, disguise })), failing };
}

function judged(done: Failed, [fault, at]: readonly [Fault, number]): void {
  const { failing, exit, words } = done;
  const about = `(${fault} at transfer ${at})`;
  judge(done, about, liesOf(fault, words));
  const { failed: transfer, touched } = failing;
  if (exit === 79 && !touched)
    throw new Error(`${words.join(' ')} ${about}: partly written, and nothing was sent`);
  // A DfuSe device that is told to leave has all its data, and may be off before it says so.
  const mayGo = words.some((word) => word.endsWith(':leave'));
  const wentAtBlock = fault === 'vanishes' && transfer !== undefined && isBlock(transfer);
  if (wentAtBlock && exit === 0 && !mayGo)
    throw new Error(
      `${words.join(' ')} ${about}: success, and a block was not taken: ${done.out}${done.err}`,
    );
}

const named = (lines: readonly CommandLine[]): [string, CommandLine][] =>
  lines.map((line) => [line.words.join(' '), line]);

describe.each(named(everyTransfer))('%s', (_, line) => {
  test.each(faults)('with a device that %s from each transfer on', async (fault) => {
    let at = 0;
    for (let struck = true; struck; at += 1) {
      const done = await failed(line, [fault, at]);
      ({ struck } = done.failing);
      judged(done, [fault, at]);
    }
    // A conversation is longer than its beginning.
    expect(at).toBeGreaterThan(3);
  });
});

/** Of the rest each command is failed at every so manieth transfer, each fault at others. */
const STRIDE = 5;

describe.each(named(someTransfers))('%s', (_, line) => {
  test.each(faults.map((fault, first) => [fault, first % STRIDE] as const))(
    'with a device that %s from some transfers on',
    async (fault, first) => {
      let at = first;
      for (let struck = true; struck; at += STRIDE) {
        const done = await failed(line, [fault, at]);
        ({ struck } = done.failing);
        judged(done, [fault, at]);
        if (line.words.includes('TRACE')) await judgeReplay(done, `(${fault} at transfer ${at})`);
      }
      expect(at).toBeGreaterThan(first);
    },
  );
});

describe('a DfuSe device that is unplugged at each transfer of a download', () => {
  const download = (text: string): CommandLine => ({
    words: text.split(' '),
    subject: () => dfuse(),
  });

  test('is what the outcome says; plugged in again it is finished by --resume', async () => {
    const outcomes = new Set<string>();
    for (let at = 0, struck = true; struck; at += 1) {
      const flash = dfuseFlash();
      const first = download('download IMAGE -s 0x08000000 --json');
      const cut = await failed(first, ['vanishes', at], dfuse(flash));
      ({ struck } = cut.failing);
      const { outcome } = lastLine(cut);
      outcomes.add(outcome);
      const isSame = Buffer.compare(cut.before, cut.content) === 0;
      const isAll = Buffer.compare(cut.content, image) === 0;
      expect([at, outcome !== 'unchanged' || isSame]).toEqual([at, true]);
      expect([at, outcome !== 'written' || isAll]).toEqual([at, true]);
      expect([at, outcome === 'partly-written']).toEqual([at, cut.exit === 79]);
      const second = download('download IMAGE -s 0x08000000 --resume --verify --json');
      const again = await runLine(second, { folder, subject: dfuse(flash) });
      expect([at, again.exit]).toEqual([at, 0]);
      expect(lastLine(again).outcome).toBe('verified');
      expect(Buffer.compare(again.content, image)).toBe(0);
    }
    expect([...outcomes].toSorted()).toEqual([
      'partly-written',
      'unchanged',
      'unconfirmed',
      'written',
    ]);
  });
});

describe('a device of plain DFU that fails each transfer of a download', () => {
  test.each(faults)('%s: the exit code, the outcome and its memory say the same', async (fault) => {
    const words = 'download IMAGE -a 1 --json'.split(' ');
    const line = { words, subject: () => board(true) };
    const outcomes = new Set<string>();
    for (let at = 0, struck = true; struck; at += 1) {
      const done = await failed(line, [fault, at]);
      const { touched } = done.failing;
      ({ struck } = done.failing);
      const { outcome, ending } = lastLine(done);
      outcomes.add(outcome);
      const { exit, before, content } = done;
      const isSame = Buffer.compare(before, content) === 0;
      const isAll = Buffer.compare(content.subarray(0, image.length), image) === 0;
      // Why it is unchanged is in the code; every other outcome has one of its own.
      const exits = { written: [0], unconfirmed: [75], 'partly-written': [79] }[outcome] ?? [
        65, 74, 76,
      ];
      expect({ at, outcome, isExit: exits.includes(exit) }).toEqual({ at, outcome, isExit: true });
      // One that has acknowledged all of it and leaves makes of it what it does.
      const isWritten = isAll || ending === 'left';
      const isUnchanged = isSame && !touched;
      const isTrue =
        outcome === 'written' ? isWritten : outcome === 'unchanged' ? isUnchanged : touched;
      expect({ at, outcome, isTrue }).toEqual({ at, outcome, isTrue: true });
    }
    expect(outcomes).toContain('written');
    const isMild = ['slow', 'stalls once', 'answers otherwise', 'goes and comes back'].includes(
      fault,
    );
    expect(outcomes.size).toBeGreaterThan(isMild ? 0 : 2);
  });
});

interface LastLine {
  readonly outcome: string;
  readonly ending?: string | undefined;
}

function lastLine({ out }: Ran): LastLine {
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as LastLine;
}
