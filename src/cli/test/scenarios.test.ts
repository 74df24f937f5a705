import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { boardModel, firmwareImage, mcubootFirmware } from '../../board/index.ts';
import { loadExample } from '../../board/node/index.ts';
import { dfukit } from '../dfukit.ts';
import { generateKey, writePrivatePem } from '../../image/index.ts';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-scenarios-'));
const at = (name: string): string => join(folder, name);
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(at(name), content);
  return at(name);
};

beforeAll(async () => {
  mkdirSync(at('images'));
  const key = await generateKey('ecdsa-p256');
  write('root.pem', await writePrivatePem(key));
  const sample = loadExample('usb-dfu', { config: ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'] });
  const model = boardModel('reel_board');
  for (const version of ['1.0.0', '2.0.0']) {
    const image = await mcubootFirmware(sample, { model, version, key });
    write(`images/v${version[0]}.bin`, image);
  }
  write('images/none.bin', '');
  const xenon = boardModel('particle-xenon');
  const hello = loadExample('hello-world', { modules: ['usbus_dfu'] });
  const riot = { model: xenon, bootloader: 'riotboot_dfu', slot: 0, version: 1 } as const;
  write('images/riot.bin', firmwareImage(hello, riot));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Came {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...args: string[]): Promise<Came> {
  const terminal = new FakeTerminal();
  const code = await dfukit(['test', ...args], terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

const head = 'board: reel_board\nkeys: root.pem\nimages: [images/v1.bin]\n';
const update = `${head}steps:
  - expect: { boot: 1.0.0, console: /usb dfu/i }
  - download: { file: images/v2.bin, alt: slot1_image }
  - upload: { alt: slot1_image, into: read.bin, same-as: images/v2.bin }
  - expect: { flash: { slot: 1, version: 2.0.0, same-as: images/v2.bin, confirmed: false } }
  - reset
  - expect: { boot: { version: 2.0.0, why: test swap }, usb: attached }
  - reset
  - expect: { boot: { version: 1.0.0, why: revert }, flash: [{ slot: 0, version: 1.0.0 }] }
`;

describe('dfukit test', () => {
  test('does what a file says, and 0 is that all came true', async () => {
    const { code, out, err } = await run(write('update.yaml', update));
    expect(err).toBe('');
    expect(out).toMatch(/ok {4}expect boot of 1\.0\.0 \(revert\), flash of slot 0\n1 passed \(/);
    expect(code).toBe(0);
    expect(readFileSync(at('read.bin')).subarray(0, 64)).toEqual(
      readFileSync(at('images/v2.bin')).subarray(0, 64),
    );
  });

  test('ends with 1 where something came out otherwise: what was expected, what came, and where', async () => {
    const file = write('wrong.yaml', update.replace('why: test swap', 'slot: 1'));
    const { code, out } = await run(file);
    expect(code).toBe(1);
    expect(out).toContain(
      `  FAIL  expect boot of 2.0.0 in slot 1, usb attached\n        ${file}:10: expected a boot with`,
    );
    expect(out).toMatch(/got the application version 2\.0\.0 in slot 0 \(test swap; reset-pin\)/);
    expect(out).toContain('Last lines of the console:');
    expect(out).toContain('  -     reset\n');
    expect(out).toMatch(/\n1 failed \(/);
  });

  test.each([
    [
      'expect: { boot: { version: [2.0.0, 3.0.0], why: test swap } }',
      'expected a boot with version 2.0.0 or 3.0.0, why "test swap", got the application version 1.0.0',
    ],
    [
      'expect: { console: no such thing }, time-out: 1s',
      /expected a line of the console with .*within 1 s/,
    ],
    [
      'expect: { usb: detached }, time-out: 100ms',
      /expected an event "usb" with state "detached".* within 0\.1 s/,
    ],
    ['expect: { flash: { slot: 0, version: 2.0.0 } }', 'slot 0: expected version 2.0.0, got 1.0.0'],
    [
      'expect: { flash: { slot: 0, sha256: "00000000" } }',
      /slot 0: expected SHA-256 00000000, got [0-9a-f]{8}$/m,
    ],
    [
      'expect: { flash: { slot: 0, same-as: images/v2.bin } }',
      /slot 0: expected the bytes of images\/v2\.bin, got others from byte \d+ on/,
    ],
    ['expect: { flash: { slot: 0, erased: true } }', 'slot 0: expected erased true, got false'],
    [
      'expect: { flash: { slot: 1, confirmed: true } }',
      'slot 1: expected confirmed true, got no image',
    ],
    [
      'expect: { flash: { slot: 0, same-as: images/none.bin } }',
      'slot 0: expected the bytes of images/none.bin, which has none',
    ],
    [
      'expect: { flash: { slot: 7, erased: true } }',
      'expected slot 7, got a board with slots 0, 1',
    ],
    ['expect: { exit: 0 }', 'expected exit 0 of a run, got none before'],
    ['download: { file: images/riot.bin, alt: slot1_image }', /download: .*DEVICE_STATUS|REFUSED/],
    [
      'download: { file: images/riot.bin, alt: slot1_image, fails: other words }',
      'expected the download to be refused with other words, got: download: ',
    ],
    [
      'download: { file: images/v2.bin, alt: slot1_image, fails: words }',
      'expected the download to be refused with words, got all of it acknowledged',
    ],
    ['run: exit 3', 'expected exit 0, got 3'],
    [
      'for-each: power-cut, steps: [{ download: { file: images/v2.bin, alt: slot1_image } }], check: [{ expect: { boot: 3.0.0 } }], every: 100',
      /\d+ of \d+ power cuts .*went wrong/,
    ],
  ])('fails at %s', async (step, message) => {
    const { code, out } = await run(write('step.yaml', `${head}steps:\n  - { ${step} }\n`));
    expect(out).toMatch(
      message instanceof RegExp
        ? message
        : new RegExp(message.replaceAll(/[.*+?()[\]{}|]/g, String.raw`\$&`)),
    );
    expect(code).toBe(1);
  });

  test.runIf(process.platform !== 'win32')(
    'runs commands, which know how to reach the board',
    async () => {
      const file = write(
        'run.yaml',
        `${head}serial: UNIT-1\nsteps:
  - run: 'test -s "$DFUKIT_FLASH" && echo "$DFUKIT_SERIAL at $DFUKIT_BUS is $DFUKIT_BOARD"; pwd; exit 3'
  - expect: { exit: { code: 3, says: '/^UNIT-1 at usbip:.+:\\d+ is reel_board$/' } }
  - run: { command: 'sleep 100000' }
    time-out: 100ms
`,
      );
      const { code, out } = await run(file);
      expect(out).toContain('ok    expect exit 3');
      expect(out).toContain('expected the command to end in time, and it did not');
      expect(code).toBe(1);
    },
  );

  test('cuts the power at each operation', async () => {
    const cuts = `${head}steps:
  - download: { file: images/v2.bin, alt: slot1_image }
  - for-each: power-cut
    kinds: [clean, torn]
    every: 400
    steps: [reset, { expect: { boot: 2.0.0 } }]
    check: [{ expect: { boot: { version: [1.0.0, 2.0.0] } } }]
`;
    const { code, out } = await run(write('cuts.yaml', cuts));
    expect(out).toMatch(
      /ok {4}for each power cut \(\d+ power cuts in \d{4} flash operations, not at each\)/,
    );
    expect(code).toBe(0);
  });

  test('does to a board whatever can be done to one', async () => {
    const all = `board: reel_board
keys: root.pem
refuse-older: version
images: ["\${OLD}"]
steps:
  - program: images/v1.bin
  - power: on
  - expect: { boot: 1.0.0, usb: attached }
  - button: press
  - button: { what: release, button: sw0 }
  - unplug
  - expect: { usb: detached }
  - replug
  - expect: { usb: { state: attached, id: "2fe3:0005" } }
  - detach
  - upload: { alt: ramdisk0 }
  - reset: { button: true }
  - expect: { boot: { version: 1.0.0, mode: application, slot: 0 } }
`;
    const file = write('all.yaml', all);
    const { code, out } = await run(file, '--set-file', `OLD=${at('images/v1.bin')}`);
    expect(out).toMatch(/1 passed/);
    expect(code).toBe(0);
  });

  test('a power cut in a download leaves what ran', async () => {
    const cut = `${head}steps:
  - power-cut: { after: 20, kind: torn }
  - download: { file: images/v2.bin, alt: slot1_image, fails: /./ }
  - power: on
  - expect: { boot: 1.0.0 }
  - power-cut
  - power: on
  - expect: { boot: 1.0.0 }
`;
    const { code, out } = await run(write('cut.yaml', cut));
    expect(out).toMatch(/1 passed/);
    expect(code).toBe(0);
  });

  test.each([
    ['at the end', ''],
    ['before the power is taken', '  - power: off\n'],
    ['before another one', '  - power-cut: { after: 9 }\n'],
  ])('a power cut that never strikes is a failure: %s', async (_, then) => {
    const cut = `${head}steps:
  - expect: { boot: 1.0.0 }
  - power-cut: { after: 5 }
  - wait: 1s
${then}`;
    const { code, out } = await run(write('unstruck.yaml', cut));
    expect(out).toMatch(/expected the power cut at flash operation \d+, got to operation \d+ with/);
    expect(code).toBe(1);
  });

  test('no bootable image is none of an application; a reason that no board has is refused', async () => {
    const empty = `board: reel_board\nbootloader: none\nsteps:\n  - expect: { boot: { why: REASON } }\n`;
    const none = await run(write('none.yaml', empty.replace('REASON', 'application')));
    expect(none.out).toContain('expected a boot with why "application", got nothing');
    expect(none.code).toBe(1);
    const slip = await run(write('slip.yaml', empty.replace('REASON', 'tset swap')));
    expect(slip.err).toMatch(/slip\.yaml:4: .*why: .*test swap.*, got "tset swap"/s);
    expect(slip.code).toBe(78);
  });

  test('a name is one of printable characters', async () => {
    const file = write('bell.yaml', `name: "a\\u001b[2Jb"\n${head}steps: [reset]\n`);
    const { code, err } = await run(file);
    expect(err).toMatch(/bell\.yaml:1: name: expected a name of printable characters/);
    expect(code).toBe(78);
  });

  test('holds several boards apart', async () => {
    const boards = `
boards:
  old: { board: reel_board, keys: root.pem, images: [images/v1.bin] }
  new: { board: reel_board, keys: root.pem, images: [images/v2.bin], serial: NEW }
steps:
  - { expect: { boot: 1.0.0 }, on: old }
  - { power: off, on: old }
  - { expect: { boot: 2.0.0 }, on: new }
  - { expect: { usb: detached }, on: old }
  - { expect: { usb: attached }, on: new }
`;
    expect(await run(write('boards.yaml', boards))).toMatchObject({ code: 0 });
  });

  test.runIf(process.platform !== 'win32')('ends a scenario whose time is up', async () => {
    const slow = `${head}time-out: 50ms\nsteps:\n  - run: sleep 100000\n`;
    const { code, out } = await run(write('slow.yaml', slow));
    expect(out).toContain('expected the scenario to be done within 0.05 s');
    expect(code).toBe(1);
  });

  test.runIf(process.platform !== 'win32')('is ended by Ctrl-C, with 130', async () => {
    const terminal = new FakeTerminal();
    const ended = dfukit(
      ['test', write('long.yaml', `${head}steps:\n  - wait: 1ms\n  - run: sleep 100000\n`)],
      terminal,
    );
    await terminal.out.until('wait 1 ms');
    terminal.interrupt();
    expect(await ended).toBe(130);
  });

  test('runs the same in JSON', async () => {
    const scenario = {
      board: 'reel_board',
      keys: 'root.pem',
      images: ['images/v1.bin'],
      steps: [{ expect: { boot: '1.0.0' } }],
    };
    const { code, out } = await run(write('a.json', JSON.stringify(scenario)), '--json');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { type: 'begin', scenarios: 1 },
      { type: 'step', scenario: 'a', title: 'expect boot of 1.0.0', outcome: 'passed' },
      { type: 'scenario', scenario: 'a', outcome: 'passed' },
      { type: 'end', passed: 1, failed: 0, errors: 0 },
    ]);
    expect(code).toBe(0);
  });
});

const two = `${head}scenarios:
  - name: good
    steps: [{ expect: { boot: 1.0.0 } }]
  - name: bad
    steps: [{ expect: { boot: 3.0.0 } }]
`;

test.each(['reset', 'expect: { boot: 1.0.0 }', 'download: images/v2.bin'])(
  'a board that was told to be off stays off: %s',
  async (step) => {
    const { code, out } = await run(write('off.yaml', `${head}steps: [power: off, ${step}]\n`));
    expect(out).toMatch(/FAIL .*\n.*(?:the board has no power|NOT_FOUND)/);
    expect(code).toBe(1);
  },
);

test('a bootloader that tries no image has none that is confirmed', async () => {
  const text = `board: particle-xenon\nimages: [images/riot.bin]\nsteps:
  - expect: { flash: { slot: 0, version: 1 } }
  - expect: { flash: { slot: 0, confirmed: true } }\n`;
  const { code, out } = await run(write('riot.yaml', text));
  expect(out).toContain('expected confirmed true, got a bootloader that tries no images');
  expect(code).toBe(1);
});

describe('which scenarios', () => {
  test('--list tells them and runs none, --only runs one', async () => {
    const file = write('two.yaml', two);
    expect(await run(file, '--list')).toEqual({
      code: 0,
      out: `${file}:5: good\n${file}:7: bad\n`,
      err: '',
    });
    expect(await run(file, '--only', 'good')).toMatchObject({ code: 0 });
    expect(await run(file, '--only', 'god')).toMatchObject({
      code: 64,
      err: 'dfukit: --only: no scenario "god", did you mean "good"?\n',
    });
  });
});

describe('what cannot run', () => {
  test.each([
    ['bord: x\n', [], 78, /:1: bord: unknown key "bord", did you mean "board"\?/],
    [`${head}serial: "\${S}"\nsteps: [reset]\n`, [], 78, /:4: serial: no variable \$\{S\}/],
    ['board: reel_bord\nsteps: [reset]\n', [], 78, /reel_bord/],
    [
      'board: reel_board\nkeys: root.pem\nimages: {9: images/v1.bin}\nsteps: [reset]\n',
      [],
      78,
      /slot 9/,
    ],
    ['board: reel_board\nkeys: images/v1.bin\nsteps: [reset]\n', [], 78, /images\/v1\.bin/],
    ['board: reel_board\nmode: swop\nsteps: [reset]\n', [], 78, /swop/],
    [`board: reel_board\nimages: [no.bin]\nsteps: [reset]\n`, [], 66, /no\.bin: no such file/],
    [`${head}steps: [{ download: no.bin }]\n`, [], 66, /no\.bin: no such file/],
    [
      `${head}steps: [{ for-each: power-cut, steps: [{ program: images/v2.bin }], check: [{ upload: { same-as: no.bin, alt: slot1_image } }] }]\n`,
      [],
      66,
      /no\.bin: no such file/,
    ],
    [`${head}steps: [reset]\n`, ['--set', 'A=b'], 64, /--set: no file uses \$\{A\}/],
    [`${head}steps: [reset]\n`, ['--set', 'A'], 64, /--set: expected NAME=VALUE, got "A"/],
    [
      `${head}steps: [reset]\n`,
      ['--reporter', 'junt'],
      64,
      /--reporter: expected text, tap, junit.*did you mean "junit"/,
    ],
    [
      `${head}steps: [reset]\n`,
      ['--reporter', 'tap', '--json'],
      64,
      /would both write to standard output/,
    ],
  ])('%j', async (text, args, code, message) => {
    const came = await run(write('not.yaml', text), ...args);
    expect(came.out + came.err).toMatch(message);
    expect(came.code).toBe(code);
  });

  test('a file that is not there, before anything runs', async () => {
    const came = await run(write('fine.yaml', update), at('missing.yaml'));
    expect(came).toMatchObject({ code: 66, out: '' });
    expect(came.err).toContain('missing.yaml: no such file');
  });

  test('weighs more than what failed', async () => {
    const file = write(
      'both.yaml',
      `${two}  - name: none\n    board: nowhere\n    steps: [reset]\n`,
    );
    const { code, out } = await run(file);
    expect(out).toContain('1 passed, 1 failed, 1 could not run');
    expect(code).toBe(78);
  });
});

describe('reports', () => {
  test('go to files, beside what people see', async () => {
    const file = write('two.yaml', two);
    const report = at('out/report.xml');
    const { code, out } = await run(
      file,
      '--reporter',
      `junit=${report}`,
      '--reporter',
      `tap=${at('report.tap')}`,
    );
    expect(code).toBe(1);
    expect(out).toContain('1 passed, 1 failed');
    expect(readFileSync(report, 'utf8')).toContain('tests="2" failures="1" errors="0"');
    expect(readFileSync(at('report.tap'), 'utf8')).toMatch(/^TAP version 14\n1\.\.2\n/);
  });

  test('are annotations where GitHub runs them', async () => {
    vi.stubEnv('GITHUB_ACTIONS', 'true');
    vi.stubEnv('GITHUB_WORKSPACE', folder);
    const failed = await run(write('two.yaml', two));
    expect(failed.err).toMatch(
      /^::error file=two\.yaml,line=8,title=bad::expect boot of 3\.0\.0: expected a boot with version "3\.0\.0", [^\n]*got [^\n]*%0A/,
    );
    const wrong = await run(write('wrong.yaml', 'bord: x\n'));
    expect(wrong.err).toContain('::error file=wrong.yaml,line=1,title=dfukit test::');
    vi.unstubAllEnvs();
  });
});
