import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Supply } from '../../gang/index.ts';
import type { InjectField, JournalEntry } from '../../gang/index.ts';
import { openJournal } from './journal-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fields: InjectField[] = [{ at: 0, format: 'text', source: { from: 'counter', start: '1' } }];
const unit = { unit: 'Ä', serial: 'Ä', path: '1-1', sha256: 'f0' };

/** Opens the journal, gives a unit its number, and closes it. */
async function given(path: string): Promise<string> {
  const journal = await openJournal(path);
  const values = new Supply({ fields, given: journal.before.given }).take(unit);
  const entry: JournalEntry = { type: 'started', ...unit, attempt: 1, values };
  await journal.append(entry);
  await journal.close();
  return values[0]?.text ?? '';
}

test('cut at any byte by a crash it goes on, and gives no number of a whole line again', async () => {
  const whole = join(folder, 'whole');
  for (const number of ['1', '2']) expect(await given(whole)).toBe(number);
  const bytes = readFileSync(whole);
  const first = bytes.indexOf(0x0a) + 1;
  const path = join(folder, 'cut');
  for (let length = 0; length <= bytes.length; length += 1) {
    writeFileSync(path, bytes.subarray(0, length));
    const number = Number(await given(path));
    // A line that lacks but its end counts: to give a number away is better than to give it twice.
    expect(number).toBe(1 + (length >= first - 1 ? 1 : 0) + (length >= bytes.length - 1 ? 1 : 0));
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    expect(lines).toHaveLength(number);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ type: 'started' });
  }
});

test('two programs do not write it at once; a lock that was left is taken over', async () => {
  const path = join(folder, 'line');
  const journal = await openJournal(path);
  await expect(openJournal(path)).rejects.toMatchObject({ code: 'BUSY' });
  await journal.close();
  writeFileSync(`${path}.lock`, '');
  await (await openJournal(path)).close();
  await expect(openJournal(join(folder, 'none', 'line'))).rejects.toMatchObject({ code: 'IO' });
});

test('a journal has one lock, whatever name it is called by', async () => {
  const path = join(folder, 'line');
  await given(path);
  mkdirSync(join(folder, 'other'));
  symlinkSync(path, join(folder, 'other', 'link'));
  const journal = await openJournal(path);
  const twice = openJournal(join(folder, 'other', 'link'));
  await expect(twice).rejects.toMatchObject({ code: 'BUSY' });
  await journal.close();
});

test('many at once: one of them gets it, and a lock that was left does not let in two', async () => {
  const path = join(folder, 'line');
  writeFileSync(`${path}.lock`, '4194305');
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => openJournal(path)));
  const open = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(open).toHaveLength(1);
  await open[0]?.close();
  expect(readdirSync(folder)).toEqual(['line']);
});

test('a lock of the process before in the same container is taken over, one of another computer is not', async () => {
  const path = join(folder, 'line');
  writeFileSync(`${path}.lock`, `${process.pid} ${hostname()}\n`);
  await (await openJournal(path)).close();
  writeFileSync(`${path}.lock`, `4194305 station-7\n`);
  await expect(openJournal(path)).rejects.toMatchObject({
    code: 'BUSY',
    message: expect.stringContaining('process 4194305 of station-7') as string,
  });
});

test('what is no file is no journal', async () => {
  for (const path of ['/dev/full', '/dev/zero', folder]) {
    await expect(openJournal(path)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `${path}: it is no file`,
    });
  }
});
