import { DfuError } from 'dfukit';
import { generateKey } from 'dfukit/image';
import type { Sample } from './board-client.ts';
import { plainExample } from './build-start.ts';
import { startKindOf } from './catalogue.ts';
import { boxed, exampleFor, ownProgram, updatingSample } from './firmware.ts';
import type { OrderedBoard } from './ordered-board.ts';

/** A sample, and how it is made. */
interface MadeSample extends Sample {
  readonly bytes: () => Promise<Uint8Array>;
}

const CRASHES = `export async function main(board) {
  board.console.print('this firmware ends itself in a second');
  await board.sleep(1000);
  throw new Error('nothing works any more');
}
`;

const LOOPS = `export async function main(board) {
  board.console.print('this firmware lets go of nothing from now on');
  await board.sleep(1000);
  for (;;);
}
`;

const flipped = async (image: Promise<Uint8Array>, at: (length: number) => number) => {
  const bytes = (await image).slice();
  const index = at(bytes.length);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
};

const NO_IMAGE = 'This text is no firmware, and no bootloader takes it for one.\n';

function noImage(alternate: number | undefined): MadeSample {
  return {
    id: 'no-image',
    fileName: 'read-me.txt',
    title: 'Something else',
    about: 'A text: no image, and not taken for one.',
    comesTo: 'refused',
    alternate,
    bytes: async () => ownProgram(NO_IMAGE.repeat(40)),
  };
}

function riotbootSamples(ordered: OrderedBoard): MadeSample[] {
  const { record } = ordered;
  const to = (slot: number) => ({ alternate: record.dfu?.alternate(slot) });
  const image = (payload: Uint8Array, slot: number, version: string): Promise<Uint8Array> =>
    boxed(ordered, { payload, slot, version });
  const hello = (slot: number, version: string) =>
    image(exampleFor(ordered, 'hello-world'), slot, version);
  return [
    {
      id: 'update',
      fileName: 'saul-slot1.3.riot.bin',
      title: 'saul, version 3, for slot 1',
      about: 'A newer application with a shell; it starts as soon as it is there.',
      comesTo: 'runs',
      ...to(1),
      bytes: () => image(exampleFor(ordered, 'saul'), 1, '3'),
    },
    {
      id: 'other-slot',
      fileName: 'hello-world-slot0.4.riot.bin',
      title: 'hello-world, version 4, for slot 0',
      about: 'The same for the other slot: of two that hold, the newer one starts.',
      comesTo: 'runs',
      ...to(0),
      bytes: () => hello(0, '4'),
    },
    {
      id: 'crashes',
      fileName: 'crashes-slot1.5.riot.bin',
      title: 'An application that ends itself',
      about: 'It is taken and starts; a second later it fails, and the watchdog resets the board.',
      comesTo: 'breaks',
      ...to(1),
      bytes: () => image(ownProgram(CRASHES), 1, '5'),
    },
    {
      id: 'loops',
      fileName: 'loops-slot1.6.riot.bin',
      title: 'An application that never lets go',
      about: 'It loops for ever, until the watchdog resets the board; then it does so again.',
      comesTo: 'breaks',
      ...to(1),
      bytes: () => image(ownProgram(LOOPS), 1, '6'),
    },
    {
      id: 'wrong-slot',
      fileName: 'hello-world-slot0.7.riot.bin',
      title: 'An image for slot 0, given to slot 1',
      about: 'It is linked for another address than it would run at.',
      comesTo: 'refused',
      ...to(1),
      bytes: () => hello(0, '7'),
    },
    {
      id: 'damaged',
      fileName: 'hello-world-slot1.8.riot.bin',
      title: 'A header with one bit wrong',
      about: 'The checksum of the header does not hold.',
      comesTo: 'refused',
      ...to(1),
      bytes: () => flipped(hello(1, '8'), () => 4),
    },
    noImage(to(1).alternate),
  ];
}

/** Zephyr's sample has an alternate for each slot; updates go into the second. */
const MCUBOOT_ALTERNATE = 1;

function mcubootSamples(ordered: OrderedBoard): MadeSample[] {
  const image = (payload: Uint8Array, version: string, signer = ordered.key) =>
    boxed(ordered, { payload, slot: 1, version }, signer);
  const hello = exampleFor(ordered, 'hello-world');
  const alternate = MCUBOOT_ALTERNATE;
  const signed = ordered.key === undefined ? 'not signed' : 'signed';
  const foreign: MadeSample = {
    id: 'foreign-key',
    fileName: 'hello-world-2.4.0.signed.bin',
    title: 'Signed with another key',
    about: 'The board does not trust whoever signed it.',
    comesTo: 'refused',
    alternate,
    bytes: async () => image(hello, '2.4.0', await generateKey('ecdsa-p256')),
  };
  return [
    {
      id: 'update',
      fileName: 'usb-dfu-2.0.0.signed.bin',
      title: `Zephyr’s sample, version 2.0.0, ${signed}`,
      about:
        'It is tried at the next start, takes updates itself, and is not confirmed by anybody.',
      comesTo: 'runs',
      alternate,
      bytes: () => image(updatingSample(), '2.0.0'),
    },
    {
      id: 'hello',
      fileName: 'hello-world-2.1.0.signed.bin',
      title: `hello-world, version 2.1.0, ${signed}`,
      about: 'It is tried at the next start; the start after that goes back.',
      comesTo: 'runs',
      alternate,
      bytes: () => image(hello, '2.1.0'),
    },
    {
      id: 'crashes',
      fileName: 'crashes-2.2.0.signed.bin',
      title: 'An update that ends itself',
      about: 'It is tried and fails; the watchdog resets the board, and MCUboot goes back.',
      comesTo: 'breaks',
      alternate,
      bytes: () => image(ownProgram(CRASHES), '2.2.0'),
    },
    {
      id: 'loops',
      fileName: 'loops-2.3.0.signed.bin',
      title: 'An update that never lets go',
      about: 'It loops until the watchdog resets the board, and MCUboot goes back.',
      comesTo: 'breaks',
      alternate,
      bytes: () => image(ownProgram(LOOPS), '2.3.0'),
    },
    // A board that checks no signature takes it.
    ...(ordered.key === undefined ? [] : [foreign]),
    {
      id: 'damaged',
      fileName: 'hello-world-2.5.0.signed.bin',
      title: 'One bit wrong',
      about: 'The hash does not hold.',
      comesTo: 'refused',
      alternate,
      bytes: () => flipped(image(hello, '2.5.0'), (length) => Math.floor(length / 2)),
    },
    noImage(alternate),
  ];
}

function plainSamples(ordered: OrderedBoard): MadeSample[] {
  const { model, record } = ordered;
  const where = { alternate: record.dfu?.alternate(0), address: model.flashBaseAddress };
  const image = (payload: Uint8Array) => boxed(ordered, { payload, version: '0' });
  const again = plainExample(ordered);
  const other = again === 'hello-world' ? 'saul' : 'hello-world';
  return [
    {
      id: 'update',
      fileName: `${other}.bin`,
      title: other,
      about: 'It starts from the beginning of the flash.',
      comesTo: 'runs',
      ...where,
      bytes: () => image(exampleFor(ordered, other)),
    },
    {
      id: 'again',
      fileName: `${again}.bin`,
      title: again,
      about: 'What was there at first.',
      comesTo: 'runs',
      ...where,
      bytes: () => image(exampleFor(ordered, again)),
    },
    {
      id: 'crashes',
      fileName: 'crashes.bin',
      title: 'An application that ends itself',
      about: 'It starts; a second later it fails, and the watchdog resets the board.',
      comesTo: 'breaks',
      ...where,
      bytes: () => image(ownProgram(CRASHES)),
    },
    {
      id: 'loops',
      fileName: 'loops.bin',
      title: 'An application that never lets go',
      about: 'It loops for ever, until the watchdog resets the board; then it does so again.',
      comesTo: 'breaks',
      ...where,
      bytes: () => image(ownProgram(LOOPS)),
    },
  ];
}

const kinds = { riotboot: riotbootSamples, mcuboot: mcubootSamples, plain: plainSamples };

/** The files that can be flashed to a board, good and bad ones. */
export class Samples {
  readonly #made: readonly MadeSample[];

  constructor(ordered: OrderedBoard) {
    this.#made = kinds[startKindOf(ordered.record.name)](ordered);
  }

  get list(): readonly Sample[] {
    return this.#made.map(({ bytes: _, ...sample }) => sample);
  }

  /** Throws `NOT_FOUND`. */
  bytes(id: string): Promise<Uint8Array> {
    const found = this.#made.find((each) => each.id === id);
    if (found !== undefined) return found.bytes();
    const known = this.#made.map((each) => each.id).join(', ');
    return Promise.reject(new DfuError('NOT_FOUND', `no sample "${id}"; there is: ${known}`));
  }
}
