import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { prepareBuild } from '../support/built-cli.ts';

const root = resolve(import.meta.dirname, '../..');
// The folders are scenarios: their pages are typed with the other documents.
const examples = readdirSync(resolve(root, 'examples')).filter((name) => name.endsWith('.mjs'));
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');

/** What an example must show, besides ending well. */
const shown: Readonly<Record<string, RegExp>> = {
  'board-in-a-test.mjs': /^(#|ℹ) pass 3$/m,
  'board-over-usbip.mjs': /client: 2\d{3} bytes, manifested\nboard: runs slot 1, version 7\n$/,
  'bug-report-as-test.mjs': /^(#|ℹ) pass 2$/m,
  'flash-a-board.mjs': /host: 2\d{3} bytes, manifested\n(.*\n)*board: Slot 0, version 1\.\n$/,
  'flash-a-rack.mjs':
    /^UNIT-1: 1000 written\n(.*\n)*UNIT-5: 1004 partly-written \(DEVICE_STATUS\)\n(.*\n)*8 boards in \d+ ms\n$/,
  'flash-in-ten-lines.mjs':
    /^1209:7d02 at 1-1, serial number [0-9A-F]{16}\n\d+ of \d+ bytes\n(.*\n)*\w+: 2\d{3} bytes\n$/,
  'power-cuts.mjs': /^\d+ operations, \d{3} cuts\n {2}same: \d{3}\nevery cut ends well\n$/m,
  'sign-an-image.mjs': /signature: by the given key\n.*boot it: true; damaged: false \(hash\)\n$/,
  'update-test.mjs': /\d\d power cuts in \d{4} flash operations\n(.*\n)*(#|ℹ) pass 2$/m,
};

/** The command that the file's own header tells, from the project's root as a user would type it. */
function commandOf(name: string): string[] {
  const [, command = ''] = /^\/\/ {3}node (.*)$/m.exec(read(`examples/${name}`)) ?? [];
  return command.split(' ');
}

function output(args: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    // The runner's own environment would make `node --test` report to it.
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
    execFile(process.execPath, args, { cwd: root, env }, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else fail(new Error(`${args.join(' ')}: ${stdout}${stderr}`));
    });
  });
}

beforeAll(prepareBuild);

describe('the examples', () => {
  test('are those that are known here', () => {
    expect(examples.toSorted()).toEqual(Object.keys(shown));
  });

  test.each(examples)('%s does what it says, typed as it says', async (name) => {
    const command = commandOf(name);
    expect(command.at(-1)).toBe(`examples/${name}`);
    expect(await output(command)).toMatch(shown[name] ?? /^$/);
  });

  test.each(examples)('%s uses the package as everybody can, and the README lists it', (name) => {
    const source = read(`examples/${name}`);
    const foreign = [...source.matchAll(/ from '([^']+)'/g)]
      .map(([, from = '']) => from)
      .filter((from) => !/^(?:dfukit(?:$|\/)|node:)/.test(from));
    expect(foreign).toEqual([]);
    expect(source.startsWith('// ')).toBe(true);
    expect(read('README.md')).toContain(`(examples/${name})`);
  });
});
