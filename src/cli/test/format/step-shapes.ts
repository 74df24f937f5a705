import {
  choiceShape,
  eitherShape,
  flagShape,
  listShape,
  madeShape,
  may,
  namedShape,
  need,
  nothingShape,
  objectShape,
  textShape,
  wholeShape,
} from '../../../bytes/index.ts';
import type { ObjectOf, Shape, ShapePlace } from '../../../bytes/index.ts';
import { powerCutKinds } from '../../../flash/index.ts';
import type { PowerCutKind } from '../../../flash/index.ts';
import { expectShape, slotShape } from './expect-shapes.ts';
import type { Action, Step } from './scenario.ts';
import { titleOf } from './title.ts';
import { nameShape, pathShape, patternShape, timeShape } from './value-shapes.ts';

const altShape = eitherShape(
  textShape('a name of an alternate setting', { least: 1, most: 126 }),
  wholeShape(0, 255),
);
const none = nothingShape;

/** An object in which only one of two keys may stand. */
function notBoth<T extends object>(
  shape: Shape<T>,
  one: keyof T & string,
  other: keyof T & string,
): Shape<T> {
  const read = madeShape(shape, (value, place) => {
    if (value[one] === undefined || value[other] === undefined) return value;
    throw place.fault(place.path, `expected "${one}" or "${other}", got both`);
  });
  return { ...read, schema: { ...shape.schema, not: { required: [one, other] } } };
}

/** A file alone, or an object that names it. */
function fileOr<T extends { readonly file: string }>(
  shape: Shape<T>,
): Shape<T | { readonly file: string }> {
  return eitherShape(
    madeShape(pathShape, (file) => ({ file })),
    shape,
  );
}

const downloadObject = objectShape('a download', {
  file: need(pathShape, 'the file that is sent'),
  slot: may(slotShape, 'the slot that it goes to'),
  alt: may(altShape, 'or the alternate setting, by number or name'),
  fails: may(patternShape, 'it must be refused, with this in the message'),
});
const downloadShape = fileOr(notBoth(downloadObject, 'slot', 'alt'));

const uploadObject = objectShape('an upload', {
  slot: may(slotShape, 'the slot that it comes from'),
  alt: may(altShape, 'or the alternate setting, by number or name'),
  into: may(pathShape, 'the file that it is written to'),
  'same-as': may(pathShape, 'what comes must begin with the bytes of this file'),
  fails: may(patternShape, 'it must be refused, with this in the message'),
});
const uploadShape = notBoth(uploadObject, 'slot', 'alt');

const programObject = objectShape('what is programmed', {
  file: need(pathShape, 'the image'),
  slot: may(slotShape, 'the slot that it goes to'),
  address: may(wholeShape(0, 0xffffffff), 'or the address'),
});
const programShape = fileOr(notBoth(programObject, 'slot', 'address'));

const press = choiceShape(['press', 'release']);
const buttonShape = eitherShape(
  madeShape(press, (what) => ({ what })),
  objectShape('a button', {
    what: need(press, 'press or release'),
    button: may(textShape('its name', { least: 1, most: 64 }), "which; default: the board's first"),
  }),
);

const cutKind: Shape<PowerCutKind> = choiceShape(powerCutKinds);
const powerCutShape = eitherShape(
  nothingShape,
  objectShape('a power cut', {
    after: need(wholeShape(0, 1e9, 'flash operations'), 'so many flash operations from now'),
    kind: may(cutKind, 'clean (default): between two; torn, torn-tail: half of one is done'),
  }),
);

/** Longest command, in characters. */
const MOST_COMMAND = 0x8000;
const command = textShape('a command of the shell', { least: 1, most: MOST_COMMAND });
const runShape = eitherShape(
  madeShape(command, (text) => ({ command: text })),
  objectShape('a command', {
    command: need(command, 'what the shell runs'),
    over: may(
      choiceShape(['usbip', 'kernel']),
      "how the board is reached: usbip (default), or kernel: attached to this machine's own USB",
    ),
  }),
);

const inputShape = textShape('a line that is typed', { pattern: /^[^\r\n]*$/, most: 4096 });

/** The actions, each with what stands behind it. */
const actionKeys = {
  power: may(choiceShape(['on', 'off']), 'gives the board power, or takes it'),
  download: may(downloadShape, 'sends a file to the board, as dfukit download does'),
  upload: may(eitherShape(none, uploadShape), 'reads from the board, as dfukit upload does'),
  detach: may(none, 'asks the run-time for DFU mode'),
  program: may(
    programShape,
    'puts an image into flash, over the debug port; the board has no power',
  ),
  reset: may(
    eitherShape(none, objectShape('a reset', { button: may(flagShape, 'with the button held') })),
    'presses the reset button',
  ),
  button: may(buttonShape, 'presses or releases a button'),
  unplug: may(none, 'pulls the USB cable'),
  replug: may(none, 'puts it in again'),
  'power-cut': may(powerCutShape, 'takes the power away, now or in the middle of flash operations'),
  input: may(inputShape, 'types a line at the console'),
  wait: may(timeShape, "lets time go by, on the board's clock"),
  run: may(runShape, 'runs a command of the shell while the board can be reached'),
  expect: may(expectShape, 'what must be so, or become so within the time-out'),
  'for-each': may(
    choiceShape(['power-cut']),
    'runs steps once for each flash operation, cut there',
  ),
};

const stepList: Shape<readonly Step[]> = listShape(
  namedShape('step', { expected: 'a step', kinds: ['object', 'text'] }, () => stepShape),
  { least: 1, most: 1000 },
);

const stepKeys = {
  ...actionKeys,
  name: may(nameShape, 'as reports call this step'),
  on: may(textShape('the name of a board', { least: 1, most: 64 }), 'which of several boards'),
  'time-out': may(timeShape, 'most time for this step'),
  steps: may(stepList, 'for-each: what is done again and again'),
  check: may(stepList, 'for-each: what must be so after each cut, with the power back'),
  kinds: may(listShape(cutKind, { least: 1, most: 3 }), 'for-each: kinds of cut; default: clean'),
  from: may(wholeShape(0, 1e9), 'for-each: the first operation that is cut'),
  to: may(wholeShape(0, 1e9), 'for-each: the last one'),
  every: may(wholeShape(1, 1e9), 'for-each: every so many; default: each'),
};

/** What an action of the file is, once its value is read. */
const makers: {
  readonly [K in keyof typeof actionKeys]: (value: Read<K>, step: FileStep) => Action;
} = {
  power: (value) => ({ kind: 'power', on: value === 'on' }),
  download: (value) => ({ kind: 'download', ...value }),
  upload: ({ 'same-as': sameAs, ...rest } = {}) => ({ kind: 'upload', ...rest, sameAs }),
  detach: () => ({ kind: 'detach' }),
  program: (value) => ({ kind: 'program', ...value }),
  reset: (value) => ({ kind: 'reset', button: value?.button ?? false }),
  button: ({ what, ...rest }) => ({ kind: 'button', pressed: what === 'press', ...rest }),
  unplug: () => ({ kind: 'unplug' }),
  replug: () => ({ kind: 'replug' }),
  'power-cut': (value) => ({
    kind: 'power-cut',
    afterOperations: value?.after,
    cut: value?.kind ?? 'clean',
  }),
  input: (text) => ({ kind: 'input', text }),
  wait: (ms) => ({ kind: 'wait', ms }),
  run: (value) => ({ kind: 'run', over: 'usbip', ...value }),
  expect: (expected) => ({ kind: 'expect', expected }),
  'for-each': (_, { steps = [], check = [], kinds = ['clean'], from, to, every }) => ({
    kind: 'for-each',
    steps,
    check,
    cuts: kinds,
    from,
    to,
    every,
  }),
};

type Read<K extends keyof typeof actionKeys> = (typeof actionKeys)[K] extends {
  readonly shape: Shape<infer T>;
}
  ? T
  : never;

/** A step as the file has it. */
type FileStep = ObjectOf<typeof stepKeys>;

const words = Object.keys(actionKeys) as (keyof typeof actionKeys)[];

const forEachOnly = ['steps', 'check', 'kinds', 'from', 'to', 'every'] as const;

function madeStep(step: FileStep, place: ShapePlace): Step {
  const has = (key: keyof typeof stepKeys): boolean => Object.hasOwn(step, key);
  const [word, ...more] = words.filter((key) => has(key));
  if (word === undefined || more.length > 0) {
    const got = word === undefined ? 'none' : [word, ...more].join(' and ');
    throw place.fault(place.path, `expected one of ${words.join(', ')} in a step, got ${got}`);
  }
  const isLoop = word === 'for-each';
  const stray = forEachOnly.find((key) => has(key) && !isLoop);
  if (stray !== undefined) throw place.fault([...place.path, stray], `"${stray}" is for for-each`);
  const lacking = (['steps', 'check'] as const).find((key) => isLoop && !has(key));
  if (lacking !== undefined) {
    throw place.fault(place.path, `for-each: "${lacking}" is missing: expected a list of steps`);
  }
  const make = makers[word] as (value: unknown, step: FileStep) => Action;
  const action = make(step[word], step);
  const { name, on, 'time-out': timeOutMs } = step;
  return { action, title: name ?? titleOf(action), at: place.path, timeOutMs, on };
}

/** Steps that need nothing said can stand there as a word. */
const bareShape = madeShape(
  choiceShape(['detach', 'reset', 'unplug', 'replug', 'power-cut', 'upload']),
  (word, place) => madeStep({ [word]: undefined }, place),
);

const objectStep = objectShape('a step', stepKeys);

/** One step. */
const stepShape: Shape<Step> = eitherShape(bareShape, {
  ...madeShape(objectStep, madeStep),
  schema: {
    ...objectStep.schema,
    oneOf: words.map((key) => ({ required: [key] })),
    dependentRequired: {
      'for-each': ['steps', 'check'],
      ...Object.fromEntries(forEachOnly.map((key) => [key, ['for-each']])),
    },
  },
});

/** The steps of a scenario. */
export const stepsShape: Shape<readonly Step[]> = stepList;
