import { expect, test, describe } from 'vitest';
import { loadScenarios } from './load.ts';
import type { Scenario } from './scenario.ts';
import type { Files } from '../../shared/files.ts';

function load(
  text: string,
  set: Readonly<Record<string, string>> = {},
  path = 'in/update.yaml',
): Promise<Scenario[]> {
  const files: Files = {
    read: () => new TextEncoder().encode(text),
    standing: () => undefined,
    write: () => Promise.reject(new Error('nothing is written')),
  };
  return loadScenarios(files, path, { set: new Map(Object.entries(set)), used: () => {} });
}

const small = 'board: reel_board\nsteps:\n  - reset\n';

describe('a scenario file', () => {
  test('has one scenario, named after it', async () => {
    const [only, ...more] = await load(small);
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      name: 'update',
      file: 'in/update.yaml',
      boards: [{ name: '', board: 'reel_board' }],
      steps: [{ action: { kind: 'reset', button: false }, title: 'reset', at: ['steps', 0] }],
      timeOutMs: 600_000,
    });
    expect(only?.lineOf(['steps', 0])).toBe(3);
  });

  test('has several, with what stands beside them for all', async () => {
    const [one, other] = await load(`
board: reel_board
keys: root.pem
step-time-out: 2s
stand-ins: version=2.0.0:usb-dfu,confirm=500ms
scenarios:
  - name: one
    images: [v1.bin, null, v3.bin]
    steps: [reset]
  - name: other
    board: nrf52840_mdk
    images: {1: v2.bin}
    stand-ins:
      - { when: { slot: 1 }, plays: { firmware: mine }, confirm: 1s, ends: { how: hang, after: 3s } }
    time-out: 1h
    steps:
      - { name: in the dark, button: press }
`);
    expect(one?.boards).toEqual([
      {
        name: '',
        board: 'reel_board',
        keys: ['root.pem'],
        images: new Map([
          [0, 'v1.bin'],
          [2, 'v3.bin'],
        ]),
        standIns: [{ when: { version: '2.0.0' }, plays: 'usb-dfu', confirmMs: 500 }],
      },
    ]);
    expect(one?.stepTimeOutMs).toBe(2000);
    expect(other?.boards).toMatchObject([
      {
        board: 'nrf52840_mdk',
        images: new Map([[1, 'v2.bin']]),
        standIns: [
          {
            when: { slot: 1 },
            plays: { firmwarePath: 'mine' },
            confirmMs: 1000,
            ends: { how: 'hang', afterMs: 3000 },
          },
        ],
      },
    ]);
    expect(other).toMatchObject({
      name: 'other',
      timeOutMs: 3_600_000,
      steps: [{ title: 'in the dark' }],
    });
  });

  test('has every step', async () => {
    const [{ steps } = { steps: [] }] = await load(`
board: reel_board
steps:
  - power: on
  - download: v2.bin
  - download: { file: v2.bin, slot: 1, fails: /older/i }
  - upload: { alt: slot1_image, same-as: v2.bin }
  - detach:
  - program: { file: v1.bin, address: "0xc000" }
  - reset: { button: true }
  - button: release
  - unplug
  - replug
  - power-cut
  - power-cut: { after: 5, kind: torn }
  - input: hello
  - wait: 1.5s
  - run: dfukit list
  - expect: { exit: 74 }
  - expect: { boot: 2.0.0, console: "I: ok", usb: configured, flash: { slot: 1, same-as: v2.bin } }
  - expect: { boot: { version: [1.0.0, 2], why: revert } }
  - for-each: power-cut
    kinds: [clean, torn]
    every: 3
    steps: [reset]
    check:
      - expect: { boot: { mode: application } }
`);
    expect(steps.map(({ title }) => title)).toEqual([
      'power on',
      'download v2.bin',
      'download v2.bin into slot 1, to be refused',
      'upload from slot1_image',
      'detach',
      'program v1.bin at 0xc000',
      'reset with the button held',
      'release the button',
      'unplug',
      'replug',
      'power cut',
      'power cut after 5 flash operations (torn)',
      'type hello',
      'wait 1500 ms',
      'run dfukit list',
      'expect exit 74',
      'expect boot of 2.0.0, console I: ok, flash of slot 1, usb configured',
      'expect boot of 1.0.0 or 2 (revert)',
      'for each power cut',
    ]);
    expect(steps[3]?.action).toMatchObject({ kind: 'upload', sameAs: 'v2.bin' });
    expect(steps[16]?.action).toMatchObject({
      expected: { flash: [{ slot: 1, sameAs: 'v2.bin' }] },
    });
    expect(steps.at(-1)?.action).toMatchObject({
      cuts: ['clean', 'torn'],
      every: 3,
      steps: [{ at: ['steps', 18, 'steps', 0] }],
    });
  });

  test('has variables, from the command line and its own', async () => {
    const text = `
variables: { IMAGE: v1.bin, SLOT: 1, KEY: }
board: reel_board
keys: "\${KEY}"
steps:
  - program: { file: "in/\${IMAGE}", slot: "\${SLOT}" }
  - run: 'echo $\${HOME} $PATH \${SLOT}'
`;
    const [one] = await load(text, { KEY: 'root.pem', SLOT: '0' });
    expect(one?.boards[0]?.keys).toEqual(['root.pem']);
    expect(one?.steps.map(({ action }) => action)).toMatchObject([
      { file: 'in/v1.bin', slot: 0 },
      { command: 'echo ${HOME} $PATH 0' },
    ]);
    await expect(load(text)).rejects.toThrow(
      'in/update.yaml:4: keys: no variable ${KEY}; set it with --set KEY=VALUE, or in "variables"',
    );
  });

  test('in JSON is the same', async () => {
    const text = JSON.stringify({ board: 'reel_board', steps: [{ wiat: '1s' }] }, undefined, 1);
    await expect(load(text, {}, 'a.json')).rejects.toThrow(
      'a.json:5: steps[0].wiat: unknown key "wiat", did you mean "wait"?',
    );
    await expect(load('{"board": ', {}, 'a.json')).rejects.toThrow('a.json: no JSON: ');
  });

  test.each([
    [
      '',
      'in/update.yaml:1: expected a scenario file: an object with board and steps, or scenarios, got nothing',
    ],
    ['- reset', 'got a list of 1'],
    ['board: a\n', ':1: expected "steps" or "scenarios", got neither'],
    ['board: a\nsteps: []\n', ':2: steps: expected 1 to 1000 entries, got a list of 0'],
    [
      'steps:\n  - reset\n',
      ':1: "board" is missing: expected a board, by name or as the path of its file',
    ],
    [
      'board: a\nname: b\nscenarios:\n  - name: c\n    steps: [reset]\n',
      ':2: name: each of "scenarios" has a name',
    ],
    [
      'board: a\nscenarios:\n  - {name: c, steps: [reset]}\n  - {name: c, steps: [reset]}',
      ':4: scenarios[1].name: there are two scenarios "c"',
    ],
    [`${small}bord: x\n`, ':4: bord: unknown key "bord", did you mean "board"?'],
    [`${small}  - {reset: , unplug: }\n`, ':4: steps[1]: expected one of power, download,'],
    [`${small}  - {name: x}\n`, 'in a step, got none'],
    [`${small}  - rest\n`, 'got "rest", did you mean "reset"?'],
    [
      `${small}  - wait: 500\n`,
      ':4: steps[1].wait: expected a time with its unit, such as 500ms, 2s, 1min or 1h, at most a week, got 500',
    ],
    [
      `${small}  - expect: {}\n`,
      ':4: steps[1].expect: expected one or more of boot, console, flash, usb, exit, got none',
    ],
    [
      `${small}  - expect: { flash: { slot: 0, sha256: 12345678 } }\n`,
      'got 12345678 (a number; put it in quotes)',
    ],
    [
      `${small}  - expect: { flash: { slot: 0 } }\n`,
      ':4: steps[1].expect.flash: expected one or more of version, sha256, same-as, erased, confirmed beside "slot", got none',
    ],
    [
      `${small}  - program: { file: a, slot: 1, address: 0 }\n`,
      ':4: steps[1].program: expected "slot" or "address", got both',
    ],
    [
      `${small}  - download: { file: a, slot: 1, alt: x }\n`,
      ':4: steps[1].download: expected "slot" or "alt", got both',
    ],
    [
      `${small}  - upload: { slot: 1, alt: 0 }\n`,
      ':4: steps[1].upload: expected "slot" or "alt", got both',
    ],
    [
      `${small}  - expect: { console: "/(/" }\n`,
      ':4: steps[1].expect.console: Invalid regular expression',
    ],
    [
      `${small}  - expect: { boot: v1 }\n`,
      'expected a version, such as 2.0.0, 1.2.3+4 or 7, got "v1"',
    ],
    [
      `${small}  - {for-each: power-cut, steps: [reset]}\n`,
      ':4: steps[1]: for-each: "check" is missing',
    ],
    [`${small}  - {reset: , kinds: [torn]}\n`, ':4: steps[1].kinds: "kinds" is for for-each'],
    [
      `${small}  - {reset: , on: left}\n`,
      ':4: steps[1].on: no board "left"; there is one board, without a name',
    ],
    [
      'boards: {left: {board: a}, right: {board: b}}\nsteps:\n  - reset',
      ':3: steps[0]: "on" is missing: expected one of the boards left, right',
    ],
    [
      'boards: {left: {board: a}, right: {board: b}}\nsteps:\n  - {reset: , on: rihgt}',
      'no board "rihgt", did you mean "right"?',
    ],
    [
      `${small}stand-ins: slient\n`,
      ':4: stand-ins: stand-in: no word "slient", did you mean "silent"?',
    ],
    [`${small}images: {16: a}\n`, ':4: images.16: expected the number of a slot as the key'],
    [
      `${small}serial: \${SERAIL}\nvariables: {SERIAL: x}\n`,
      ':4: serial: no variable ${SERAIL}, did you mean "SERIAL"?',
    ],
    [`${small}serial: "\${a-b}"\n`, 'expected ${NAME}, got "${a-b}"; $${ stands for ${'],
    [`${small}serial: "\${a"\n`, 'expected ${NAME}, got "${a"'],
    ['board: [\n', 'no YAML: '],
    ['board: a\nboard: b\n', ':2: no YAML: Map keys must be unique'],
    ['board: !mine a\nsteps: [reset]\n', ':1: no YAML: Unresolved tag: !mine'],
    ['? [reset]\n: a\n', 'unknown key "[ reset ]"'],
  ])('is refused: %j', async (text, message) => {
    await expect(load(text)).rejects.toThrow(message);
  });

  test('is bounded: its bytes, its aliases, its depth', async () => {
    await expect(load(' '.repeat(0x100001))).rejects.toThrow(
      'expected at most 1048576 bytes, got 1048577',
    );
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (const [at, name] of ['b', 'c', 'd', 'e', 'f', 'g'].entries()) {
      const before = 'abcdefg'[at];
      bomb.push(`${name}: &${name} [${`*${before},`.repeat(10)}]`);
    }
    await expect(load(bomb.join('\n'))).rejects.toThrow('no YAML: Excessive alias count');
    await expect(load('['.repeat(100_000))).rejects.toThrow('no YAML: ');
    await expect(load(`board: ${'['.repeat(100)}${']'.repeat(100)}`)).rejects.toThrow(
      'goes deeper than 64',
    );
    await expect(load('a: &a [*a]')).rejects.toThrow('goes deeper than 64');
    const latin = new Uint8Array([0x62, 0xe9]);
    const files = { read: () => latin } as unknown as Files;
    await expect(
      loadScenarios(files, 'x.yaml', { set: new Map(), used: () => {} }),
    ).rejects.toThrow('expected text in UTF-8');
  });
});
