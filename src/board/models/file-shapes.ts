import {
  amountShape,
  choiceShape,
  listShape,
  may,
  need,
  numberChoiceShape,
  objectShape,
  shownShape,
  textShape,
  usual,
  wholeShape,
} from '../../bytes/index.ts';
import type { KeysOf, Shape } from '../../bytes/index.ts';
import type { FlashGeometry, FlashRange, FlashTiming, SectorRun } from '../../flash/index.ts';
import type { ButtonModel, PinMode, SensorClass, SensorModel } from './board-model.ts';

// What a board file says of flash, buttons and sensors. What it says of bootloaders stands beside.

/** Most flash that a board of a file may have, in bytes: as much is held in memory while it runs. */
export const MOST_FLASH: number = 2 ** 28;
export const MOST_ADDRESS: number = 2 ** 32 - 1;
export const MOST_MS = 1_000_000;

/** What a string descriptor and a terminal can show. */
export function asciiShape(most: number): Shape<string> {
  const expected = `1 to ${most} printable ASCII characters`;
  return textShape(expected, { pattern: /^[ -~]+$/, least: 1, most });
}

/** A part of the flash. */
export const rangeShape: Shape<FlashRange> = objectShape('offsetBytes and sizeBytes', {
  offsetBytes: need(wholeShape(0, MOST_FLASH, 'bytes'), 'From the start of the flash, in bytes.'),
  sizeBytes: need(wholeShape(1, MOST_FLASH, 'bytes'), 'In bytes.'),
} satisfies KeysOf<FlashRange>);

const run: Shape<SectorRun> = objectShape('count and sizeBytes', {
  count: need(wholeShape(1, 2 ** 20), 'How many sectors of that size.'),
  sizeBytes: need(
    wholeShape(1, MOST_FLASH, 'bytes'),
    'Bytes of one: the smallest part that can be erased.',
  ),
  eraseMs: may(
    amountShape(0, MOST_MS, 'ms'),
    'To erase one of these, in ms, where it differs from timing.eraseSectorMs.',
  ),
} satisfies KeysOf<SectorRun>);

const timing: Shape<FlashTiming> = objectShape('eraseSectorMs and programUnitUs', {
  eraseSectorMs: need(amountShape(0, MOST_MS, 'ms'), 'To erase one sector, in ms.'),
  programUnitUs: need(
    amountShape(0, MOST_MS, 'µs'),
    'To program one write unit (or, with pages, into one), in µs.',
  ),
} satisfies KeysOf<FlashTiming>);

/** The flash itself. */
export const flashShape: Shape<FlashGeometry> = objectShape('sectors and writeUnitBytes', {
  sectors: need(
    listShape(run, { least: 1, most: 1024 }),
    'Runs of equal sectors, in order of address.',
  ),
  writeUnitBytes: need(
    numberChoiceShape([1, 2, 4, 8, 16, 32]),
    'Smallest part that can be programmed, in bytes.',
  ),
  pageBytes: may(
    numberChoiceShape([16, 32, 64, 128, 256, 512, 1024]),
    'Bytes of a page, for flash that is programmed page by page (SPI NOR: 256).',
  ),
  erasedValue: usual(numberChoiceShape([0xff, 0x00]), 'What an erased byte reads as.', 0xff),
  timing: may(timing, 'Times from the data sheet; left out, the flash takes no time.'),
} satisfies KeysOf<FlashGeometry>);

const pinModes: readonly PinMode[] = [
  'GPIO_IN',
  'GPIO_IN_PD',
  'GPIO_IN_PU',
  'GPIO_OD',
  'GPIO_OD_PU',
];

/** A push button. */
export const buttonShape: Shape<ButtonModel> = objectShape('a button', {
  name: need(asciiShape(64), 'As RIOT or the devicetree calls it: BTN0, sw0.'),
  pin: need(asciiShape(16), 'The pin that it is on: P0.11, PC13.'),
  closesTo: need(
    choiceShape(['ground', 'supply']),
    'What it connects the pin with while it is pressed.',
  ),
  externalPull: may(choiceShape(['up', 'down']), 'A pull resistor on the board itself.'),
  mode: need(choiceShape(pinModes), "RIOT's BTN0_MODE of this board."),
} satisfies KeysOf<ButtonModel>);

const sensorClasses: readonly SensorClass[] = ['ACT_SWITCH', 'SENSE_BTN', 'SENSE_TEMP'];

/** A sensor or actuator. */
export const sensorShape: Shape<SensorModel> = objectShape('a sensor', {
  name: need(shownShape('1 to 64 characters', { least: 1, most: 64 }), 'What SAUL lists it as.'),
  class: need(choiceShape(sensorClasses), "What it is, in the words of RIOT's SAUL registry."),
  scale: usual(wholeShape(-128, 127), 'Power of ten that a reading is to be multiplied with.', 0),
  unit: usual(
    shownShape('at most 16 characters', { most: 16 }),
    '°C, or empty for a bare number.',
    '',
  ),
  initial: usual(wholeShape(-32768, 32767), 'What it reads as after power-on.', 0),
  button: may(asciiShape(64), 'The name of the button behind it, for SENSE_BTN.'),
  pin: may(asciiShape(16), 'The pin that a lamp is on, for ACT_SWITCH; a high level lights it.'),
} satisfies KeysOf<SensorModel>);
