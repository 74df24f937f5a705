import { bootReasons } from '../../../board/index.ts';
import {
  choiceShape,
  eitherShape,
  flagShape,
  listShape,
  madeShape,
  may,
  need,
  objectShape,
  textShape,
  wholeShape,
} from '../../../bytes/index.ts';
import type { Shape } from '../../../bytes/index.ts';
import type { BootExpectation, ExitExpectation, Expectation, SlotExpectation } from './scenario.ts';
import { pathShape, patternShape, versionShape } from './value-shapes.ts';

/** Slots are few on every board. */
export const slotShape: Shape<number> = wholeShape(0, 15);

/** One value, or several of which one must fit. */
function oneOrMore<T>(shape: Shape<T>, most: number): Shape<readonly T[]> {
  const one = madeShape(shape, (value) => [value]);
  return eitherShape(one, listShape(shape, { least: 1, most }));
}

const versions = oneOrMore(versionShape, 16);

const bootObject = objectShape('what a boot must be', {
  version: may(versions, 'the version that boots, or several of which one must'),
  slot: may(slotShape, 'the slot that it is in'),
  why: may(choiceShape(bootReasons), 'why it was chosen: test swap, revert, newest slot'),
  mode: may(
    choiceShape(['application', 'dfu', 'none']),
    'application (default where a version is told), dfu, or none: nothing boots',
  ),
});

const bootShape: Shape<BootExpectation> = eitherShape(
  madeShape(versions, (all): BootExpectation => ({ versions: all })),
  madeShape(bootObject, ({ version, ...rest }): BootExpectation => ({
    ...rest,
    versions: version ?? [],
  })),
);

const slotKeys = {
  version: may(versionShape, 'version of the image in it'),
  sha256: may(
    textShape('8 to 64 hex digits in quotes', { pattern: /^[0-9a-fA-F]{8,64}$/ }),
    'SHA-256 of the image, header to last record; the first digits are enough',
  ),
  'same-as': may(pathShape, 'it begins with the bytes of this file'),
  erased: may(flagShape, 'nothing but erased flash'),
  confirmed: may(
    flagShape,
    'MCUboot: an image that is confirmed (image_ok), or was never on trial',
  ),
};
const slotObject = objectShape('what a slot must hold', {
  slot: need(slotShape, 'which slot'),
  ...slotKeys,
});
const slotContent: Shape<SlotExpectation> = {
  ...madeShape(slotObject, ({ 'same-as': sameAs, ...rest }, place): SlotExpectation => {
    const { slot: _, ...others } = { ...rest, sameAs };
    if (Object.values(others).some((value) => value !== undefined)) return { ...rest, sameAs };
    const all = Object.keys(slotKeys).join(', ');
    throw place.fault(place.path, `expected one or more of ${all} beside "slot", got none`);
  }),
  schema: { ...slotObject.schema, minProperties: 2 },
};

const usbStates = choiceShape(['attached', 'configured', 'detached']);
const usbShape = eitherShape(
  madeShape(usbStates, (state) => ({ state })),
  objectShape('what the USB port must be', {
    state: need(usbStates, 'on the bus, configured by a host, or off the bus'),
    id: may(
      textShape('ids as 1209:7d02', { pattern: /^[0-9a-f]{4}:[0-9a-f]{4}$/ }),
      'vendor and product',
    ),
  }),
);

const codeShape = wholeShape(0, 255);
const exitShape: Shape<ExitExpectation> = eitherShape(
  madeShape(codeShape, (code): ExitExpectation => ({ code })),
  objectShape('how a command must end', {
    code: need(codeShape, 'its exit code'),
    says: may(patternShape, 'a line of what it prints'),
  }),
);

/** What `expect` may look at. */
const expectKeys = {
  boot: may(bootShape, 'the next boot: a version, or version, slot, why, mode'),
  console: may(patternShape, 'a line of the console from the last step on'),
  flash: may(oneOrMore(slotContent, 16), 'what a slot holds'),
  usb: may(usbShape, 'attached, configured or detached'),
  exit: may(exitShape, 'how the last run ended'),
};
const expectObject = objectShape('what is expected: boot, console, flash, usb, exit', expectKeys);

/** `expect`: one of them at least. */
export const expectShape: Shape<Expectation> = {
  ...madeShape(expectObject, (value, place): Expectation => {
    if (Object.keys(value).length > 0) return value;
    const all = Object.keys(expectKeys).join(', ');
    throw place.fault(place.path, `expected one or more of ${all}, got none`);
  }),
  schema: { ...expectObject.schema, minProperties: 1 },
};
