import { DfuError } from 'dfukit';
import { mcubootLayout, programFlash } from 'dfukit/board';
import type { McubootMode } from 'dfukit/board';
import { ApplicationSide } from 'dfukit/boot/mcuboot';
import type { NorFlash } from 'dfukit/flash';
import { generateKey } from 'dfukit/image';
import { startKindOf, startsOf } from './catalogue.ts';
import { boxed, exampleFor, updatingSample } from './firmware.ts';
import type { BoxedProgram } from './firmware.ts';
import type { OrderedBoard } from './ordered-board.ts';

type Build = (ordered: OrderedBoard, flash: NorFlash) => Promise<void>;

/** As the maker's programmer does it. */
async function put(ordered: OrderedBoard, flash: NorFlash, program: BoxedProgram): Promise<void> {
  const { model, record, mode } = ordered;
  const { slot } = program;
  const image = await boxed(ordered, program);
  programFlash(flash, record.layout(model, mode), image, slot === undefined ? undefined : { slot });
}

/** The application asks for what is in the second slot to be tried. */
function ask({ model, mode }: OrderedBoard, flash: NorFlash): void {
  const { config } = mcubootLayout(model, mode as McubootMode | undefined);
  new ApplicationSide(flash, config).setPending();
}

const riotboot: Readonly<Record<string, Build>> = {
  application: (ordered, flash) =>
    put(ordered, flash, { payload: exampleFor(ordered, 'hello-world'), slot: 0, version: '1' }),
  'two-versions': async (ordered, flash) => {
    await put(ordered, flash, { payload: exampleFor(ordered, 'saul'), slot: 0, version: '1' });
    const newer = exampleFor(ordered, 'hello-world');
    await put(ordered, flash, { payload: newer, slot: 1, version: '2' });
  },
  damaged: async (ordered, flash) => {
    await put(ordered, flash, { payload: exampleFor(ordered, 'saul'), slot: 0, version: '1' });
    const { model, record, mode } = ordered;
    const image = await boxed(ordered, {
      payload: exampleFor(ordered, 'hello-world'),
      slot: 1,
      version: '2',
    });
    // The checksum of the header, its last word (RIOT's riotboot_hdr_t).
    image[12] = (image[12] ?? 0) ^ 0xff;
    const slot = record.layout(model, mode).slots[1];
    if (slot === undefined) throw new DfuError('NOT_FOUND', 'expected two slots');
    const { address } = slot;
    programFlash(flash, record.layout(model, mode), image, { address, force: true });
  },
};

const mcuboot: Readonly<Record<string, Build>> = {
  application: (ordered, flash) =>
    put(ordered, flash, { payload: updatingSample(), slot: 0, version: '1.0.0' }),
  'update-pending': async (ordered, flash) => {
    await put(ordered, flash, { payload: updatingSample(), slot: 0, version: '1.0.0' });
    const update = exampleFor(ordered, 'hello-world');
    await put(ordered, flash, { payload: update, slot: 1, version: '2.0.0' });
    ask(ordered, flash);
  },
  'foreign-update': async (ordered, flash) => {
    await put(ordered, flash, { payload: updatingSample(), slot: 0, version: '1.0.0' });
    const stranger = { ...ordered, key: await generateKey('ecdsa-p256') };
    const update = exampleFor(ordered, 'hello-world');
    await put(stranger, flash, { payload: update, slot: 1, version: '2.0.0' });
    ask(ordered, flash);
  },
};

const plain: Readonly<Record<string, Build>> = {
  application: (ordered, flash) =>
    put(ordered, flash, {
      payload: exampleFor(ordered, plainExample(ordered)),
      version: '0',
    }),
};

/** What of the examples shows something on a board without a bootloader of ours. */
export function plainExample({ record }: OrderedBoard): string {
  return record.dfu === undefined ? 'hello-world' : 'dfu-runtime';
}

const builds = { riotboot, mcuboot, plain };

/** Puts into a flash what is to be there at first. Throws `NOT_FOUND` for a start that its bootloader does not have. */
export async function buildStart(
  ordered: OrderedBoard,
  flash: NorFlash,
  id: string | undefined,
): Promise<void> {
  const { name } = ordered.record;
  const known = startsOf(name).map((each) => each.id);
  const wanted = id ?? known[0] ?? 'empty';
  if (!known.includes(wanted)) {
    const words = `no start "${wanted}" for ${name}; there is: ${known.join(', ')}`;
    throw new DfuError('NOT_FOUND', words);
  }
  await builds[startKindOf(name)][wanted]?.(ordered, flash);
}
