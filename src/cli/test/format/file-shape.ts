import {
  choiceShape,
  defined,
  eitherShape,
  flagShape,
  listShape,
  madeShape,
  may,
  namedShape,
  need,
  nothingShape,
  objectShape,
  recordShape,
  textShape,
  wholeShape,
} from '../../../bytes/index.ts';
import type { ObjectOf, Shape } from '../../../bytes/index.ts';
import { parseStandIn } from '../../../board/index.ts';
import type { StandInText } from '../../../board/index.ts';
import { stepsShape } from './step-shapes.ts';
import type { BoardOrder, Step } from './scenario.ts';
import { nameShape, pathShape, timeShape, versionShape } from './value-shapes.ts';
import { variableName } from './variables.ts';

const plays = eitherShape(
  choiceShape(['silent', 'dfu-runtime', 'usb-dfu']),
  objectShape('a firmware', { firmware: need(pathShape, 'its folder or module') }),
);

const standInObject = objectShape('a stand-in', {
  when: may(
    objectShape('which images it plays', {
      version: may(versionShape, 'those of this version'),
      sha256: may(
        textShape('8 to 64 hex digits in quotes', { pattern: /^[0-9a-fA-F]{8,64}$/ }),
        'those with this hash, from its start',
      ),
      slot: may(wholeShape(0, 15), 'those in this slot'),
    }),
    'which images it plays; left out: all of machine code',
  ),
  plays: may(
    plays,
    'what it does at the USB port: silent (default), dfu-runtime, usb-dfu, or a firmware',
  ),
  confirm: may(timeShape, 'confirms its image so long after its start'),
  upgrade: may(
    objectShape('an upgrade', {
      after: need(timeShape, 'so long after its start'),
      permanent: may(flagShape, 'for good, and not for a test'),
    }),
    'asks for the image in the other slot',
  ),
  ends: may(
    objectShape('an end', {
      how: need(choiceShape(['hang', 'crash', 'reset']), 'how'),
      after: need(timeShape, 'so long after its start'),
    }),
    'how it ends, if it does',
  ),
});

const standInShape: Shape<StandInText> = namedShape(
  'stand-in',
  {
    expected: 'a stand-in, such as version=2.0.0:usb-dfu,confirm=500ms',
    kinds: ['text', 'object'],
  },
  () => anyStandIn,
);

const anyStandIn: Shape<StandInText> = eitherShape(
  madeShape(textShape('a stand-in, such as version=2.0.0:usb-dfu,confirm=500ms'), (text, place) => {
    try {
      return parseStandIn(text);
    } catch (error) {
      throw place.fault(place.path, (error as Error).message);
    }
  }),
  madeShape(standInObject, ({ plays: what, confirm, upgrade, ends, when }): StandInText => ({
    ...(when !== undefined && { when }),
    ...(what !== undefined && {
      plays: typeof what === 'string' ? what : { firmwarePath: what.firmware },
    }),
    ...(confirm !== undefined && { confirmMs: confirm }),
    ...(upgrade !== undefined && {
      upgrade: { afterMs: upgrade.after, permanent: upgrade.permanent ?? false },
    }),
    ...(ends !== undefined && { ends: { how: ends.how, afterMs: ends.after } }),
  })),
);

function oneOrMore<T>(shape: Shape<T>, most: number): Shape<readonly T[]> {
  return eitherShape(
    madeShape(shape, (value) => [value]),
    listShape(shape, { most }),
  );
}

/** What is in the slots: a list, with nothing for one that stays erased, or an object by number. */
const imagesShape: Shape<ReadonlyMap<number, string>> = eitherShape(
  madeShape(listShape(eitherShape(pathShape, nothingShape), { most: 16 }), (list) => {
    const entries = [...list.entries()];
    return new Map(entries.filter((entry): entry is [number, string] => entry[1] !== undefined));
  }),
  madeShape(
    recordShape(
      'files by the number of their slot',
      { keys: /^(?:\d|1[0-5])$/, words: 'the number of a slot', most: 16 },
      pathShape,
    ),
    (record) => new Map(Object.entries(record).map(([slot, path]) => [Number(slot), path])),
  ),
);

/** What is ordered of one board. */
const orderKeys = {
  board: may(
    textShape('a board, by name or as the path of its file', { least: 1 }),
    'a name of dfukit board list, or the path of a board file',
  ),
  bootloader: may(nameShape, "one of the board's; default: its first"),
  mode: may(nameShape, 'how MCUboot updates: swap-using-move, overwrite-only, …'),
  keys: may(oneOrMore(pathShape, 16), 'keys that MCUboot trusts; without any, the examples’ key'),
  images: may(imagesShape, 'what is in the slots before anything runs'),
  'stand-ins': may(
    oneOrMore(standInShape, 64),
    'what the board does while an image of machine code runs',
  ),
  serial: may(
    textShape('1 to 126 printable characters', { pattern: /^[ -~]{1,126}$/ }),
    'serial number',
  ),
  'refuse-older': may(choiceShape(['version', 'security-counter']), 'refuse images that are older'),
  guarded: may(flagShape, 'MCUboot refuses known hazards'),
};

const boardShape: Shape<BoardOrder> = namedShape(
  'board',
  { expected: 'a board', kinds: ['object'] },
  () => madeShape(objectShape('a board', orderKeys), orderOf),
);

/** What a scenario has, or the whole file for all of its scenarios. */
const commonKeys = {
  ...orderKeys,
  boards: may(
    recordShape(
      'boards by the names that steps call them',
      { keys: /^[\w-]{1,64}$/, words: 'a name of letters, digits and dashes', most: 16 },
      boardShape,
    ),
    'several boards instead of one; steps say "on"; what stands beside is for all of them',
  ),
  'time-out': may(timeShape, 'most time for all of it; default 10min'),
  'step-time-out': may(timeShape, 'most time for a step, unless it has its own; default 60s'),
};

/** Keys of the file as the rest of the program calls them. */
function orderOf(file: ObjectOf<typeof orderKeys>): BoardOrder {
  const { board, bootloader, mode, keys, images, serial, guarded } = file;
  const { 'stand-ins': standIns, 'refuse-older': refuseOlder } = file;
  const order = { board, bootloader, mode, keys, images, serial, guarded, standIns, refuseOlder };
  return defined(order);
}

function commonOf(file: ObjectOf<typeof commonKeys>): FileScenario {
  const { boards, 'time-out': timeOutMs, 'step-time-out': stepTimeOutMs } = file;
  return { order: orderOf(file), ...defined({ boards, timeOutMs, stepTimeOutMs }) };
}

const scenarioShape: Shape<FileScenario> = madeShape(
  objectShape('a scenario', {
    ...commonKeys,
    name: need(nameShape, 'its name'),
    steps: need(stepsShape, 'what happens, one after the other'),
  }),
  (file): FileScenario => ({ ...commonOf(file), name: file.name, steps: file.steps }),
);

/** A scenario, or what is said for all of them, as the file has it. */
export interface FileScenario {
  readonly name?: string | undefined;
  readonly order: BoardOrder;
  readonly boards?: Readonly<Record<string, BoardOrder>> | undefined;
  readonly timeOutMs?: number | undefined;
  readonly stepTimeOutMs?: number | undefined;
  readonly steps?: readonly Step[] | undefined;
}

/** A file. */
export interface ScenarioFile extends FileScenario {
  readonly scenarios?: readonly FileScenario[] | undefined;
}

/** Defaults of variables; nothing: it must be set. */
export const variablesShape: Shape<Readonly<Record<string, string | undefined>>> = recordShape(
  'variables',
  { keys: variableName, words: 'a name of letters, digits and _', most: 1000 },
  eitherShape(
    textShape('a text', { most: 0x8000 }),
    madeShape(wholeShape(0, Number.MAX_SAFE_INTEGER), String),
    nothingShape,
  ),
);

const fileObject = objectShape('a scenario file: an object with board and steps, or scenarios', {
  $schema: may(textShape('the address of the schema'), 'for editors'),
  variables: may(variablesShape, 'variables and their defaults; nothing: it must be set'),
  ...commonKeys,
  name: may(nameShape, 'name of the scenario; default: the name of the file'),
  steps: may(stepsShape, 'what happens, one after the other'),
  scenarios: may(
    listShape(scenarioShape, { least: 1, most: 1000 }),
    'several scenarios; what stands beside them is for all of them',
  ),
});

/** All that a file may say. */
export const fileShape: Shape<ScenarioFile> = {
  ...madeShape(fileObject, (file, place): ScenarioFile => {
    const { steps, scenarios, name } = file;
    if ((steps === undefined) === (scenarios === undefined)) {
      const got = steps === undefined ? 'neither' : 'both';
      throw place.fault(place.path, `expected "steps" or "scenarios", got ${got}`);
    }
    if (scenarios === undefined || name === undefined) {
      return { ...commonOf(file), name, steps, scenarios };
    }
    throw place.fault([...place.path, 'name'], 'each of "scenarios" has a name of its own');
  }),
  schema: {
    ...fileObject.schema,
    oneOf: [{ required: ['steps'] }, { required: ['scenarios'], not: { required: ['name'] } }],
  },
};
