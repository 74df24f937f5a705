import { fromHex, hexNumber } from '../../../src/bytes/index.ts';
import { chooseSlot, currentSlot, otherSlot } from '../../../src/boot/riotboot/index.ts';
import type { Flash, MemoryFlash } from '../../../src/flash/index.ts';
import { generateRiotbootHeader } from '../../../src/image/index.ts';
import { attemptNow, differ } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { flashWith } from '../riotboot-vectors.ts';
import type { RiotbootFolder, RiotbootPlace } from '../riotboot-vectors.ts';

interface Selections {
  readonly cases?: readonly {
    readonly name: string;
    readonly slot0Hex: string | null;
    readonly slot1Hex: string | null;
    readonly result: string;
  }[];
  readonly currentSlot?: readonly { readonly imageBase: string; readonly result: string }[];
}

/** What riotboot does with a flash, as the recordings write it. */
export function jumpOf(flash: Flash, { layout }: RiotbootPlace): string {
  const choice = chooseSlot(flash, layout);
  return choice === undefined ? 'NOBOOT' : `JUMP ${hexNumber(choice.startAddress, 8)}`;
}

/** A flash with these bytes at the start of its slots. */
export function flashWithSlots(
  { geometry, layout }: RiotbootPlace,
  slots: readonly (Uint8Array | undefined)[],
): MemoryFlash {
  return flashWith(
    geometry,
    layout.slots.map(({ offsetBytes }, n) => [offsetBytes, slots[n] ?? new Uint8Array(0)]),
  );
}

/** Replays `selection.json`. */
export function replaySelection(folder: RiotbootFolder, file: string): ReplayedCase[] {
  const { cases = [], currentSlot: running = [] } = folder.json(file) as Selections;
  const place = folder.place(file);
  const chosen = cases.map(({ name, slot0Hex, slot1Hex, result }) =>
    attemptNow(`${name}: ${result}`, () => {
      const flash = flashWithSlots(place, [fromHex(slot0Hex ?? ''), fromHex(slot1Hex ?? '')]);
      return differ('boot', result, jumpOf(flash, place));
    }),
  );
  const { layout } = place;
  const valid = layout.slots.map(({ imageAddress }, n) =>
    generateRiotbootHeader({
      version: n + 1,
      startAddress: imageAddress,
      headerLength: layout.headerBytes,
    }),
  );
  const flash = flashWithSlots(place, valid);
  const places = running.map(({ imageBase, result }) => {
    const current = currentSlot(flash, layout, Number(imageBase)) ?? -1;
    const other = otherSlot(flash, layout, Number(imageBase));
    const differences = differ('slots', result, `CURRENT ${current} OTHER ${other}`);
    return { name: `running at ${imageBase}: ${result}`, differences };
  });
  return [...chosen, ...places];
}
