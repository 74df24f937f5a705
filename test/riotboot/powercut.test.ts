import { describe, expect, test } from 'vitest';
import { originalSlotMedia, slotMedia } from '../../src/board/media/slot-medium.ts';
import { chooseSlot, inspectSlot, riotbootLayout } from '../../src/boot/riotboot/index.ts';
import type { RiotbootLayout } from '../../src/boot/riotboot/index.ts';
import type { Medium } from '../../src/device/index.ts';
import { forEachPowerCut, MemoryFlash } from '../../src/flash/index.ts';
import type { FlashGeometry, PowerCutState } from '../../src/flash/index.ts';
import { riotbootImage } from '../../src/image/index.ts';
import { flashWith, recordedPayload } from '../support/riotboot-vectors.ts';

interface Place {
  readonly geometry: FlashGeometry;
  readonly layout: RiotbootLayout;
}

const xenon: Place = {
  geometry: {
    sectors: [{ count: 256, sizeBytes: 4096 }],
    writeUnitBytes: 4,
    erasedValue: 0xff,
  },
  layout: riotbootLayout({ romBytes: 0x100000, bootloaderBytes: 0x4000, headerBytes: 0x400 }),
};

function unequal(writeUnitBytes: number, erasedValue: 0xff | 0x00): Place {
  return {
    geometry: {
      sectors: [
        { count: 4, sizeBytes: 2048 },
        { count: 2, sizeBytes: 1024 },
        { count: 1, sizeBytes: 8192 },
        { count: 2, sizeBytes: 4096 },
      ],
      writeUnitBytes,
      erasedValue,
    },
    layout: riotbootLayout({
      romBytes: 0x6800,
      bootloaderBytes: 0x1000,
      headerBytes: 256,
      slotBytes: [0x1800, 0x4000],
    }),
  };
}

const places: readonly (readonly [string, Place])[] = [
  ['particle-xenon', xenon],
  ['unequal sectors, 8-byte units', unequal(8, 0xff)],
  ['unequal sectors, 32-byte units, erased to 0', unequal(32, 0x00)],
];

interface Image {
  readonly slot: number;
  readonly version: number;
}

const made = new Map<RiotbootLayout, Map<string, Uint8Array>>();

/** The image of that version for that slot, made once. */
function bytesOf({ layout }: Place, { slot, version }: Image): Uint8Array {
  const images = made.get(layout) ?? new Map<string, Uint8Array>();
  made.set(layout, images);
  const known = images.get(`${slot} ${version}`);
  if (known !== undefined) return known;
  const image = riotbootImage(recordedPayload(4700 + version, version), {
    version,
    headerLength: layout.headerBytes,
    slotBase: layout.slots[slot]?.address ?? 0,
  });
  images.set(`${slot} ${version}`, image);
  return image;
}

function flashOf(place: Place, images: readonly Image[]): MemoryFlash {
  return flashWith(
    place.geometry,
    images.map((image) => [
      place.layout.slots[image.slot]?.offsetBytes ?? 0,
      bytesOf(place, image),
    ]),
  );
}

function send(medium: Medium | undefined, bytes: Uint8Array): string {
  let result = medium?.begin();
  for (let at = 0; at < bytes.length && result?.status === 'OK'; at += 64) {
    result = medium?.write(at, bytes.subarray(at, at + 64));
  }
  if (result?.status === 'OK') result = medium?.finish(bytes.length);
  return `${result?.status ?? 'no medium'} ${result?.reason ?? ''}`.trim();
}

/** The version of what boots, 'broken' if it is not what was sent, 'nothing' without a slot. */
function boots(flash: MemoryFlash, place: Place): number | 'broken' | 'nothing' {
  const choice = chooseSlot(flash, place.layout);
  if (choice === undefined) return 'nothing';
  const { slot, version } = choice;
  const expected = bytesOf(place, { slot: slot.index, version });
  const stored = flash.read(slot.offsetBytes, expected.length);
  return Buffer.compare(stored, expected) === 0 ? version : 'broken';
}

type MakeMedia = (flash: MemoryFlash, layout: RiotbootLayout) => Medium[];

/** What boots after each cut, counted. */
function explore(
  place: Place,
  { before, sent, media }: { before: readonly Image[]; sent: Image; media: MakeMedia },
  visit: (cut: PowerCutState) => void = () => undefined,
): Record<string, number> {
  const flash = flashOf(place, before);
  const medium = media(flash, place.layout)[sent.slot];
  const outcomes: Record<string, number> = {};
  const work = (): void => expect(send(medium, bytesOf(place, sent))).toBe('OK');
  forEachPowerCut(flash, work, (cut) => {
    visit(cut);
    const outcome = `${cut.kind} ${boots(cut.flash, place)}`;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  });
  return outcomes;
}

const forced: MakeMedia = (flash, layout) => slotMedia(flash, layout, { force: true });

describe.each(places)('a power cut at any operation of a download, %s', (_, place) => {
  test.each([
    [
      'over the older one',
      1,
      [
        { slot: 0, version: 6 },
        { slot: 1, version: 5 },
      ],
      [6, 7],
    ],
    [
      'over the newer one',
      0,
      [
        { slot: 0, version: 6 },
        { slot: 1, version: 5 },
      ],
      [5, 6, 7],
    ],
    ['into an empty slot', 1, [{ slot: 0, version: 6 }], [6, 7]],
  ] as const)('%s: the old or the new one boots, whole', (...row) => {
    const [, slot, before, versions] = row;
    const sent = { slot, version: 7 };
    const outcomes = explore(place, { before, sent, media: slotMedia });
    const booted = new Set(Object.keys(outcomes).map((outcome) => outcome.split(' ')[1]));
    expect([...booted].toSorted()).toEqual(versions.map(String));
    // The new one boots once: when all is done.
    expect(outcomes['clean 7']).toBe(1);
  });

  test('over the only one, forced: it, the new one or DFU mode, and DFU mode takes it again', () => {
    const sent = { slot: 0, version: 7 };
    const before = [{ slot: 0, version: 6 }];
    const again: string[] = [];
    let seen = 0;
    const outcomes = explore(place, { before, sent, media: forced }, ({ flash: left }) => {
      seen += 1;
      if (seen % 53 !== 1) return;
      const fork = left.fork();
      const result = send(forced(fork, place.layout)[0], bytesOf(place, sent));
      again.push(`${result} ${boots(fork, place)}`);
    });
    expect(new Set(Object.keys(outcomes).map((outcome) => outcome.split(' ')[1]))).toEqual(
      new Set(['6', '7', 'nothing']),
    );
    expect(new Set(again)).toEqual(new Set(['OK 7']));
  });

  test('in the repeated download after a cut is no different', () => {
    const before = [
      { slot: 0, version: 6 },
      { slot: 1, version: 5 },
    ];
    const sent = { slot: 1, version: 7 };
    const lefts: MemoryFlash[] = [];
    let seen = 0;
    explore(place, { before, sent, media: slotMedia }, ({ flash }) => {
      seen += 1;
      if (seen % 601 === 2) lefts.push(flash.fork());
    });
    expect(lefts.length).toBeGreaterThan(0);
    for (const left of lefts) {
      const outcomes = new Set<string>();
      const medium = slotMedia(left, place.layout)[1];
      forEachPowerCut(
        left,
        () => expect(send(medium, bytesOf(place, sent))).toBe('OK'),
        ({ flash }) => outcomes.add(String(boots(flash, place))),
      );
      expect([...outcomes].toSorted()).toEqual(['6', '7']);
    }
  });

  test('as RIOT writes: never neither', () => {
    const before = [
      { slot: 0, version: 6 },
      { slot: 1, version: 5 },
    ];
    const sent = { slot: 1, version: 7 };
    const kinds = new Set<string>();
    explore(place, { before, sent, media: originalSlotMedia }, ({ flash }) => {
      const slots = [0, 1].map((slot) => inspectSlot(flash, place.layout, slot).fault ?? 'valid');
      kinds.add(slots.includes('valid') ? 'one boots' : 'neither');
    });
    expect([...kinds]).toEqual(['one boots']);
  });
});

test('RIOT can boot half an image when an erase of the newest slot is torn; slot media cannot', () => {
  const before = [
    { slot: 0, version: 6 },
    { slot: 1, version: 5 },
  ];
  const sent = { slot: 0, version: 7 };
  const riot = explore(xenon, { before, sent, media: originalSlotMedia });
  expect(riot['torn-tail broken']).toBe(1);
  const mine = explore(xenon, { before, sent, media: slotMedia });
  expect(Object.keys(mine).filter((outcome) => outcome.endsWith('broken'))).toEqual([]);
});
