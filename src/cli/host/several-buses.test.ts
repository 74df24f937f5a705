import { afterAll, beforeAll, expect, test } from 'vitest';
import { CliBoard } from '../../../test/support/cli-board.ts';
import { ran } from '../../../test/support/fake-terminal.ts';

/* Two stations, each a board over USB/IP of its own, and one that is dark. */

const boards: CliBoard[] = [];
const DARK = 'usbip://127.0.0.1:1';

beforeAll(async () => {
  for (const serial of ['LEFT', 'RIGHT']) {
    boards.push(
      await CliBoard.start('particle-xenon', '--bootloader', 'riotboot_dfu', '--serial', serial),
    );
  }
});

afterAll(async () => {
  await Promise.all(boards.map((board) => board.quit()));
});

const buses = (...more: readonly string[]): string[] =>
  [...boards.map(({ bus }) => bus), ...more].flatMap((bus) => ['--bus', bus]);

test('list says of each device at which station it is', async () => {
  const { exit, out } = await ran(['list', ...buses()]);
  expect(exit).toBe(0);
  for (const { bus } of boards) expect(out).toContain(`path="${bus}/`);
  const json = await ran(['list', '--json', ...buses()]);
  const first = JSON.parse(json.out.split('\n')[0] ?? '') as { location: { station: string } };
  expect(boards.map(({ bus }) => bus)).toContain(first.location.station);
});

test('-p with the station in front is one port, without it that port of each station', async () => {
  const [left] = boards;
  const path = /path="([^"]*)"/.exec((await ran(['list', ...buses()])).out)?.[1] ?? '';
  const one = await ran(['list', '-p', path, ...buses()]);
  expect(new Set(one.out.match(/path="[^"]*"/g)).size).toBe(1);
  const port = path.slice(path.lastIndexOf('/') + 1);
  const each = await ran(['list', '-p', port, ...buses()]);
  expect(new Set(each.out.match(/path="[^"]*"/g)).size).toBe(2);
  expect(left).toBeDefined();
});

test('a station that cannot be reached is told, and the others are listed', async () => {
  const { exit, out, err } = await ran(['list', ...buses(DARK)]);
  expect(exit).toBe(0);
  expect(out).toContain('serial="LEFT"');
  expect(err).toContain(`${DARK} is left out: nobody answers at 127.0.0.1:1`);
});

test('where none can be reached the command fails, and no station is meant twice', async () => {
  const { exit, err } = await ran(['list', '--bus', DARK, '--bus', 'usbip://127.0.0.1:2']);
  expect([exit, err]).toEqual([74, expect.stringContaining('nobody answers at 127.0.0.1:1')]);
  const twice = await ran(['list', '--bus', DARK, '--bus', DARK]);
  expect([twice.exit, twice.err]).toEqual([64, expect.stringContaining('is given twice')]);
});

test('doctor says of each device, and of each sentence, at which station it is', async () => {
  const { exit, out } = await ran(['doctor', ...buses(DARK)]);
  expect(exit).toBe(1);
  for (const { bus } of boards) expect(out).toMatch(new RegExp(`at ${bus}/\\S+ \\(DFU mode`));
  expect(out).toContain(`${DARK} does not answer`);
  expect(out).not.toContain(`${DARK}: ${DARK}`);
});
