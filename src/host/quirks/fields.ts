import type { Quirk, QuirkCondition, QuirkRow } from './quirk.ts';

/** A field of a row: what people call it, what may stand there, and how it is read from their text. */
export interface Field {
  /** `poll-time`. */
  readonly word: string;
  /** What is expected, for messages and for the page. */
  readonly form: string;
  /** What it makes this host do, for the page. */
  readonly meaning: string;
  /** Whether a value of a row is one. */
  readonly allows: (value: unknown) => boolean;
  /** From text; undefined for what is none. A word alone has none. */
  readonly read: (text: string) => unknown;
  /** To text; a word alone is empty. */
  readonly write: (value: unknown) => string;
  /** It takes all that is left of the line. */
  readonly isRest?: true | undefined;
}

type Words = Pick<Field, 'word' | 'meaning'>;

function whole(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  return /^0x[0-9a-f]+$/i.test(text) ? Number.parseInt(text.slice(2), 16) : Number.NaN;
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function number(words: Words, [least, most]: readonly [number, number], isHex = false): Field {
  const shown = (value: unknown): string =>
    isHex ? `0x${Number(value).toString(16).padStart(4, '0')}` : String(value);
  return {
    ...words,
    form: `a number from ${shown(least)} to ${shown(most)}`,
    allows: (value) => isWhole(value, least, most),
    read: whole,
    write: shown,
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };

function time(words: Words, mostMs: number): Field {
  return {
    ...words,
    form: `a time such as 5ms or 30s, up to ${mostMs / 1000}s`,
    allows: (value) => isWhole(value, 0, mostMs),
    read: (text) => {
      const [, digits, unit = ''] = /^(\d+)(ms|s|min)$/.exec(text) ?? [];
      return digits === undefined ? undefined : Number(digits) * (UNITS[unit] ?? Number.NaN);
    },
    write: (value) =>
      Number(value) % 1000 === 0 && value !== 0 ? `${Number(value) / 1000}s` : `${String(value)}ms`,
  };
}

function choice(words: Words, choices: readonly string[]): Field {
  return {
    ...words,
    form: choices.join(' or '),
    allows: (value) => choices.includes(String(value)),
    read: (text) => text,
    write: String,
  };
}

function flag(words: Words): Field {
  return {
    ...words,
    form: 'nothing: the word alone',
    allows: (value) => value === true,
    read: (text) => (text === '' ? true : undefined),
    write: () => '',
  };
}

/** Longest string descriptor, in characters: no layout is longer. */
const MOST_CHARACTERS = 126;

const layout: Field = {
  word: 'layout',
  meaning:
    'the memory of alternate 0: as the serial number of a GD32 says it, or a DfuSe layout, behind which nothing may stand',
  form: 'gd32, or a layout such as @Flash/0x08000000/16*1Kg',
  allows: (value) =>
    typeof value === 'string' &&
    (value === 'gd32' || (value.startsWith('@') && value.length <= MOST_CHARACTERS)),
  read: (text) => text,
  write: String,
  isRest: true,
};

const detachIndex: Field = {
  word: 'detach-index',
  meaning: "wIndex of DFU_DETACH: a number, or the interface's own with bit 8 set",
  form: 'forced, or a number from 0 to 65535',
  allows: (value) => value === 'forced' || isWhole(value, 0, 0xffff),
  read: (text) => (text === 'forced' ? text : whole(text)),
  write: String,
};

/** Every field that a row can have, as the type has them. */
export const FIELDS: Readonly<Record<keyof Quirk, Field>> = {
  pollTimeMs: time(
    {
      word: 'poll-time',
      meaning: 'so long between two questions to a busy device, whatever it asks for',
    },
    60_000,
  ),
  dialect: choice({ word: 'dialect', meaning: 'it speaks that, whatever bcdDFUVersion says' }, [
    'dfu',
    'dfuse',
  ]),
  dfuVersion: number(
    { word: 'dfu-version', meaning: 'bcdDFUVersion instead of its own' },
    [0, 0xffff],
    true,
  ),
  transferSizeBytes: number(
    { word: 'transfer-size', meaning: 'wTransferSize instead of its own' },
    [1, 0xffff],
  ),
  mode: choice({ word: 'mode', meaning: 'it is in DFU mode, whatever bInterfaceProtocol says' }, [
    'dfu',
  ]),
  serial: choice({ word: 'serial', meaning: 'its serial number is UTF-8, not UTF-16' }, ['utf-8']),
  massEraseMs: time(
    {
      word: 'mass-erase-time',
      meaning: 'how long it may keep silent behind an erase of everything',
    },
    3_600_000,
  ),
  statusStalls: number(
    { word: 'status-stalls', meaning: 'how many stalls of DFU_GETSTATUS in a row mean nothing' },
    [0, 1000],
  ),
  detachIndex,
  readsFirst: flag({
    word: 'reads-first',
    meaning:
      'a block is read before one is written, and before it leaves without having been written to',
  }),
  noReset: flag({ word: 'no-reset', meaning: 'its port is never reset' }),
  manifestPoll: flag({
    word: 'manifest-poll',
    meaning:
      'it answers in dfuMANIFEST though bitManifestationTolerant is 0, and is asked until it is done',
  }),
  noUploads: flag({ word: 'no-uploads', meaning: 'it counts as one that gives no uploads' }),
  detachToLeave: flag({ word: 'detach-to-leave', meaning: 'DFU_DETACH behind a download' }),
  returnMs: time(
    { word: 'return-time', meaning: 'how long it may take from run-time to DFU mode' },
    3_600_000,
  ),
  layout,
};

/** What else a device must be. */
export const CONDITIONS: Readonly<Record<keyof QuirkCondition, Field>> = {
  protocol: number(
    { word: 'when-protocol', meaning: 'only with that bInterfaceProtocol' },
    [0, 255],
  ),
  dfuVersion: number(
    { word: 'when-dfu-version', meaning: 'only with that bcdDFUVersion of its own' },
    [0, 0xffff],
    true,
  ),
  interfaces: number(
    { word: 'when-interfaces', meaning: 'only with so many interfaces in its configuration' },
    [1, 255],
  ),
};

/** The fields that a row has, as people write them: `poll-time=5ms,dialect=dfu`. */
export function fieldsText({ when = {}, ...row }: Partial<QuirkRow>): string {
  const conditions = Object.entries(CONDITIONS).map(
    ([key, field]) => [field, when[key as keyof QuirkCondition]] as const,
  );
  const fields = Object.entries(FIELDS).map(
    ([key, field]) => [field, row[key as keyof Quirk]] as const,
  );
  return [...conditions, ...fields]
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) =>
      [field.word, field.write(value)].filter((each) => each !== '').join('='),
    )
    .join(',');
}
