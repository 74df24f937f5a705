import { describe, expect, test } from 'vitest';
import {
  FlowBench,
  manifestOf,
  plainImage,
  riotImage,
  trusted,
  zephyrImage,
} from '../../test/support/flow-bench.ts';
import { appendSuffix } from '../dfu/index.ts';
import {
  generateKey,
  publicKeyHash,
  writeIntelHex,
  writePrivatePem,
  writePublicPem,
} from '../image/index.ts';
import { toHex } from '../bytes/index.ts';
import type { FlashFlow, FlowFinding, FlowOptions, FlowState } from './index.ts';

/*
 * What a file is, and whether it is sent at all: of a manifest and of a person's own.
 */

const xenon = { name: 'Lamp', usb: ['1209:7d00', '1209:7d02'] };
const disco = { name: 'Heater', usb: ['0483:df11'] };
const next = riotImage(1, 2);
const pem = writePublicPem(trusted);
const privatePem = await writePrivatePem(trusted);
const stranger = await generateKey('ecdsa-p256');
const strangerPem = writePublicPem(stranger);
const keyId = toHex(await publicKeyHash(trusted)).slice(0, 16);

const good = await zephyrImage('reel_board', '2.0.0');
const byStranger = await zephyrImage('reel_board', '2.0.0', { key: stranger });
const unsigned = await zephyrImage('reel_board', '2.0.0', { key: undefined });
const broken = good.slice();
broken[530] = 1 ^ (broken[530] ?? 0);
const wrongSignature = good.slice();
wrongSignature[good.length - 5] = 1 ^ (good.at(-5) ?? 0);

const fetches =
  (bytes: Uint8Array): FlowOptions['fetchFile'] =>
  () =>
    Promise.resolve(bytes);

type Chosen = Extract<FlowState, { readonly step: 'chosen' }>;

/** What was found, as `rating topic id`. */
function found({ state }: FlashFlow): string[] {
  return (state as Chosen).file.findings.map(
    ({ rating, topic, said }: FlowFinding) => `${rating} ${topic} ${said.id}`,
  );
}

/** Chooses the first file of the manifest. */
async function offered(bench: FlowBench, flow: FlashFlow): Promise<void> {
  const { offers } = flow.state as Extract<FlowState, { readonly step: 'connected' }>;
  const [first] = offers;
  if (first === undefined) throw new Error('no offer');
  await bench.done(flow.chooseOffer(first));
}

describe('a file of the manifest', () => {
  test('is fetched, held to its hash, shown and sent', async () => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const asked: unknown[] = [];
    const flow = await bench.connected({
      manifest: manifestOf(xenon, next, { alternate: 1, release: { bcdDevice: '0002' } }),
      fetchFile: (url, most) => {
        asked.push([url, most]);
        return Promise.resolve(next);
      },
    });
    await offered(bench, flow);
    expect(asked).toEqual([['fw/next.bin', next.length]]);
    expect(flow.state).toMatchObject({
      file: {
        name: 'next.bin',
        alternate: 1,
        isReady: true,
        offer: { release: { version: '2.0.0' } },
      },
    });
    expect(found(flow)).toEqual([
      'plain format format-riotboot',
      'plain version version-release',
      'good hash hash-good',
      'unknown fit fit-later',
      'unknown target target-later',
    ]);
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      ending: { rating: 'good', runs: '2.0.0', said: { id: 'ended-written-runs' } },
    });
  });

  test('another version that runs afterwards is told', async () => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const manifest = manifestOf(xenon, next, { alternate: 1, release: { bcdDevice: '0007' } });
    const flow = await bench.connected({ manifest, fetchFile: fetches(next) });
    await offered(bench, flow);
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      ending: {
        outcome: 'unconfirmed',
        rating: 'unknown',
        said: { id: 'ended-other', values: { version: '0.02', expected: '2.0.0' } },
        remedy: { id: 'do-look' },
      },
    });
  });

  const changed = next.slice();
  changed[900] = 1 ^ (changed[900] ?? 0);
  test.each<readonly [string, FlowOptions['fetchFile'], string, string]>([
    ['is another', fetches(changed), 'file-not-as-listed', "The file's SHA-256 is"],
    ['is too short', fetches(next.subarray(1)), 'file-not-as-listed', '1100 bytes'],
    ['is not there', () => Promise.reject(new Error('404')), 'file-not-fetched', '404'],
    ['is no file', fetches('<html>' as never), 'file-not-fetched', 'expected bytes, got string'],
    ['cannot be fetched', undefined, 'file-not-fetched', 'expected a function, got none'],
  ])('that %s is not sent', async (_, fetchFile, id, words) => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const manifest = manifestOf(xenon, next);
    const flow = await bench.connected({ manifest, fetchFile });
    await offered(bench, flow);
    expect(flow.state).toMatchObject({
      step: 'connected',
      problem: { said: { id, text: expect.stringContaining(words) as string } },
      offers: [{}],
    });
    // And may be tried again.
    await offered(bench, flow);
    expect(flow.state.step).toBe('connected');
  });

  test('that does not come is cancelled', async () => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const fetchFile = (): Promise<never> => new Promise(() => {});
    const flow = await bench.connected({ manifest: manifestOf(xenon, next), fetchFile });
    const choosing = offered(bench, flow);
    expect(flow.state).toMatchObject({ step: 'reading', name: 'next.bin' });
    await flow.cancel();
    await choosing;
    expect(flow.state).toEqual({ step: 'idle', problem: undefined });
  });

  test('for newer devices is barred where the version is known, and in doubt where it is not', async () => {
    const manifest = manifestOf(xenon, next, { release: { minimumVersion: '1.5.0' } });
    const older = { version: '1.0.0', bcdDevice: '0001', files: [] };
    const both = { ...manifest, releases: [...manifest.releases, older] };
    const bench = new FlowBench();
    const { plug } = await bench.xenon(riotImage(0, 1));
    const flow = await bench.connected({ manifest: both, fetchFile: fetches(next) });
    expect(flow.state).toMatchObject({
      device: { version: '1.0.0' },
      offers: [
        {
          barred: {
            text: 'Version 2.0.0 is for devices that run 1.5.0 or newer, and this one runs 1.0.0: install 1.5.0 first.',
          },
          doubt: undefined,
        },
      ],
    });
    await expect(offered(bench, flow)).rejects.toThrow('chooseOffer: Version 2.0.0 is for devices');
    plug.unplug();
    await bench.xenon();
    const inDfuMode = await bench.connected({ manifest: both, fetchFile: fetches(next) });
    expect(inDfuMode.state).toMatchObject({
      offers: [{ barred: undefined, doubt: { id: 'perhaps-too-old' } }],
    });
    await offered(bench, inDfuMode);
    expect(found(inDfuMode)).toContain('unknown version perhaps-too-old');
  });

  test.each([
    ['the key of the manifest', { id: keyId, pem }, 'good signature signature-good'],
    ['a key that the manifest does not have', undefined, 'unknown signature signature-named'],
  ])('signed with %s', async (_, key, finding) => {
    const bench = new FlowBench();
    await bench.board('reel_board', {
      slots: [await zephyrImage('reel_board', '1.0.0')],
      plays: 'usb-dfu',
    });
    const image = good;
    const board = { name: 'Reel', usb: ['2fe3:0005', '2fe3:ffff'] };
    const manifest = {
      ...manifestOf(board, image, { key: keyId }),
      ...(key === undefined ? {} : { keys: [key] }),
    };
    const flow = await bench.connected({ manifest, fetchFile: fetches(image) });
    await offered(bench, flow);
    expect(found(flow)).toContain(finding);
    expect(found(flow)).toContain('good hash hash-image-good');
    expect(found(flow).filter((each) => each.includes('signature'))).toHaveLength(1);
    expect(flow.state).toMatchObject({ file: { isReady: true } });
  });

  test('signed with another key than the manifest says is not sent', async () => {
    const bench = new FlowBench();
    await bench.board('reel_board', {
      slots: [await zephyrImage('reel_board', '1.0.0')],
      plays: 'usb-dfu',
    });
    const image = byStranger;
    const board = { name: 'Reel', usb: ['2fe3:0005'] };
    const manifest = { ...manifestOf(board, image, { key: keyId }), keys: [{ id: keyId, pem }] };
    const flow = await bench.connected({ manifest, fetchFile: fetches(image) });
    await offered(bench, flow);
    expect(flow.state).toMatchObject({
      step: 'connected',
      problem: { code: 'REFUSED', said: { id: 'file-not-as-listed' } },
    });
  });
});

describe('keys that are expected', () => {
  async function signed(
    image: Uint8Array,
    expectedKeys: readonly string[],
  ): Promise<{ readonly flow: FlashFlow; readonly bench: FlowBench }> {
    const bench = new FlowBench();
    await bench.board('reel_board', {
      slots: [await zephyrImage('reel_board', '1.0.0')],
      plays: 'usb-dfu',
    });
    const flow = await bench.connected({ expectedKeys, alternate: 'slot1_image' });
    await bench.done(flow.chooseFile('app.signed.bin', image));
    return { flow, bench };
  }

  test('what they have signed is sent', async () => {
    const { flow, bench } = await signed(good, [strangerPem, pem]);
    expect(found(flow)).toContain('good signature signature-good');
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({ ending: { outcome: 'written' } });
  });

  test.each([
    ['another key', byStranger, 'signature-other'],
    ['no key', unsigned, 'signature-none'],
    ['nothing that could be', plainImage('reel_board', 'x'), 'file-refused'],
    ['a damaged image', broken, 'hash-image-bad'],
    ['a damaged signature', wrongSignature, 'signature-bad'],
    ['the key, with more behind it', Uint8Array.of(...good, ...byStranger), 'file-refused'],
  ])('what is signed by %s is not sent', async (_, image, id) => {
    const { flow } = await signed(image, [pem]);
    expect(flow.state).toMatchObject({
      step: 'chosen',
      file: { isReady: false, refused: { code: 'REFUSED' }, steps: [], plan: [] },
    });
    expect(found(flow).some((each) => each.startsWith('bad') && each.endsWith(id))).toBe(true);
    await expect(flow.flash()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test.each([
    ['no key', 'no key'],
    ['a private key', privatePem],
  ])('%s lets nothing pass', async (_, key) => {
    const { flow } = await signed(good, [key]);
    expect(flow.state).toMatchObject({ file: { isReady: false, refused: { code: 'MALFORMED' } } });
  });

  test('nobody’s: a damaged image is not sent all the same', async () => {
    const { flow } = await signed(broken, []);
    expect(flow.state).toMatchObject({ file: { isReady: false, refused: { code: 'REFUSED' } } });
    const { flow: other } = await signed(good, []);
    expect(found(other)).toContain('unknown signature signature-unknown');
  });
});

describe('a file of a person’s own', () => {
  /** What a flow that has connected to a particle-xenon in DFU mode finds. */
  async function looked(file: Uint8Array, options: Partial<FlowOptions> = {}): Promise<FlashFlow> {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = await bench.connected({ alternate: 0, ...options });
    await bench.done(flow.chooseFile('own', file));
    return flow;
  }
  const ids = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0x0123, bcdDFU: 0x0100 };

  test('is said to be what it is', async () => {
    const damaged = riotImage(0, 1);
    damaged[4] = 9;
    expect(found(await looked(riotImage(0, 1)))).toEqual([
      'plain format format-riotboot',
      'plain version version-image',
      'unknown fit fit-unknown',
      'plain target target-alternate',
    ]);
    expect(found(await looked(damaged))).toEqual([
      'plain format format-riotboot',
      'bad format format-damaged',
      'plain version version-image',
    ]);
    expect(found(await looked(new Uint8Array(64).fill(0xff)))[0]).toBe(
      'unknown format format-erased',
    );
    expect(found(await looked(new Uint8Array(64).fill(1)))[0]).toBe('plain format format-binary');
    expect(found(await looked(appendSuffix(new Uint8Array(64).fill(1), ids)))).toContain(
      'plain version version-suffix',
    );
    const hex = new TextEncoder().encode(
      writeIntelHex([{ address: 0x4000, bytes: riotImage(0, 1) }]),
    );
    expect(found(await looked(hex)).slice(0, 2)).toEqual([
      'plain format format-segments',
      'plain format format-riotboot',
    ]);
  });

  test.each<readonly [string, Uint8Array, string]>([
    ['for another device', appendSuffix(next, { ...ids, idProduct: 9 }), 'REFUSED'],
    ['empty', new Uint8Array(0), 'INVALID_ARGUMENT'],
    ['a zip file', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 'REFUSED'],
  ])('that is %s is not sent', async (_, file, code) => {
    const flow = await looked(file);
    expect(flow.state).toMatchObject({ file: { isReady: false, refused: { code } } });
  });

  test('larger than anything is not taken', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = await bench.connected();
    await bench.done(flow.chooseFile('huge', new Uint8Array(64 * 1024 * 1024 + 1)));
    expect(flow.state).toMatchObject({
      step: 'connected',
      problem: { code: 'OUT_OF_RANGE', said: { id: 'file-too-large' } },
    });
  });

  test('that is changed behind its back is sent as it was chosen', async () => {
    const bench = new FlowBench();
    const { flash } = await bench.xenon();
    const flow = await bench.connected({ alternate: 0 });
    const file = riotImage(0, 1);
    const as = file.slice();
    await bench.done(flow.chooseFile('own', file));
    file.fill(0);
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({ ending: { rating: 'good' } });
    expect(flash.read(0x4000, as.length)).toEqual(as);
  });
});

describe('where it goes', () => {
  test('of several places a person says which', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = await bench.connected();
    await bench.done(flow.chooseFile('own', next));
    expect(flow.state).toMatchObject({
      file: {
        isReady: false,
        refused: undefined,
        alternate: undefined,
        alternates: [
          { alternate: 0, name: 'RIOT-OS Slot 0' },
          { alternate: 1, name: 'RIOT-OS Slot 1' },
        ],
      },
    });
    await expect(flow.flash()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(flow.chooseAlternate(2)).rejects.toThrow('expected one of "0, 1", got 2');
    await bench.done(flow.chooseAlternate(0));
    expect(flow.state).toMatchObject({ file: { alternate: 0, alternates: [{}, {}] } });
    await bench.done(flow.chooseAlternate(1));
    expect(found(flow)).toContain('plain target target-alternate');
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({ ending: { rating: 'good' } });
  });

  test('from run-time mode it is asked when the device is there', async () => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const flow = await bench.connected({ manifest: manifestOf(xenon, next) });
    await bench.done(flow.chooseFile('own', next));
    expect(flow.state).toMatchObject({ file: { isReady: true, alternates: [] } });
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      step: 'chosen',
      device: { mode: 'dfu', name: 'Lamp', board: xenon },
      file: { name: 'own', isReady: false, alternates: [{}, {}] },
    });
    await bench.done(flow.chooseAlternate(1));
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({ ending: { outcome: 'written', rating: 'good' } });
  });

  test('a name that the device does not have is said', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = await bench.connected({ alternate: 'RIOT-OS Slot 7' });
    await bench.done(flow.chooseFile('own', next));
    expect(flow.state).toMatchObject({ file: { isReady: false, refused: { code: 'NOT_FOUND' } } });
  });

  test('a DfuSe device gets a program where that says it belongs', async () => {
    const bench = new FlowBench();
    await bench.board('stm32f072b_disco');
    const flow = await bench.connected();
    await bench.done(flow.chooseFile('own', plainImage('stm32f072b_disco', 'x')));
    expect(found(flow)).toContain('plain target target-likely');
    expect(flow.state).toMatchObject({
      file: {
        isReady: true,
        erase: 'needed',
        plan: [
          { text: 'Erase 2048 bytes at 0x08000000.' },
          { text: 'Write 69 bytes at 0x08000000.' },
          { text: 'Start the new firmware.' },
        ],
      },
    });
    await bench.done(flow.chooseFile('own', new Uint8Array(100).fill(7)));
    expect(flow.state).toMatchObject({ file: { isReady: false } });
  });

  test('what is too large is refused', async () => {
    const bench = new FlowBench();
    await bench.board('stm32f072b_disco');
    const flow = await bench.connected({ address: 0x08000000 });
    await bench.done(flow.chooseFile('own', plainImage('stm32f072b_disco', 'x', 200_000)));
    expect(found(flow)).toContain('bad fit fit-bad');
    expect(flow.state).toMatchObject({ file: { refused: { code: 'OUT_OF_RANGE' } } });
  });
});

describe('what is erased', () => {
  const settings = 0x10000;

  async function heater(
    erase?: 'needed' | 'all' | 'ask',
  ): Promise<{ readonly bench: FlowBench; readonly flow: FlashFlow; readonly kept: () => number }> {
    const bench = new FlowBench();
    const { flash } = await bench.board('stm32f072b_disco');
    flash.program(settings, new Uint8Array(16).fill(0x5a));
    const file = plainImage('stm32f072b_disco', 'x');
    const flow = await bench.connected({
      manifest: manifestOf(disco, file, { address: 0x08000000, erase }),
      fetchFile: fetches(file),
      waitForApplication: false,
    });
    await offered(bench, flow);
    return { bench, flow, kept: () => flash.read(settings, 1)[0] ?? 0 };
  }

  test.each([
    [undefined, undefined, 0x5a],
    ['needed', undefined, 0x5a],
    ['ask', 'needed', 0x5a],
    ['all', undefined, 0xff],
  ] as const)('%s: as the manifest says', async (erase, choice, left) => {
    const { bench, flow, kept } = await heater(erase);
    expect(flow.state).toMatchObject({ file: { erase: choice, isReady: true } });
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({ ending: { outcome: 'verified', rating: 'good' } });
    expect(kept()).toBe(left);
  });

  test('a person who is asked may have everything erased', async () => {
    const { bench, flow, kept } = await heater('ask');
    await bench.done(flow.chooseErase('all'));
    expect(flow.state).toMatchObject({
      file: { erase: 'all', plan: [{ id: 'step-mass-erase' }, { id: 'step-write-at' }, {}] },
    });
    await bench.done(flow.chooseErase('needed'));
    await bench.done(flow.chooseErase('all'));
    await bench.done(flow.flash());
    expect(kept()).toBe(0xff);
    expect(flow.state).toMatchObject({ ending: { outcome: 'verified' } });
  });

  test('nobody is asked where there is no choice', async () => {
    const { flow } = await heater('all');
    await expect(flow.chooseErase('needed')).rejects.toThrow('there is no such choice');
  });

  test('a device that cannot erase everything gets nothing if it must', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const manifest = manifestOf(xenon, next, { alternate: 1, erase: 'all' });
    const flow = await bench.connected({ manifest, fetchFile: fetches(next) });
    await offered(bench, flow);
    expect(flow.state).toMatchObject({
      file: { isReady: false, refused: { code: 'UNSUPPORTED' } },
    });
  });

  test('and from run-time mode it is found out before anything is sent', async () => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const manifest = manifestOf(xenon, next, { alternate: 1, erase: 'all' });
    const flow = await bench.connected({ manifest, fetchFile: fetches(next) });
    await offered(bench, flow);
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      step: 'chosen',
      device: { mode: 'dfu' },
      file: { isReady: false, refused: { code: 'UNSUPPORTED' } },
    });
  });
});
