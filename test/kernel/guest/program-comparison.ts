/** How a command line ended in one of the two programs. */
export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** What it has changed besides, in any words that can be compared: files, flash. */
  readonly left: string;
}

/** One command line for both programs. */
export interface ComparedLine {
  readonly args: readonly string[];
  /** What standard input has. */
  readonly input?: string | undefined;
  /** A departure that changes the whole outcome: its row, and how this project's own program ends then. */
  readonly departs?: Departing | undefined;
}

/** The row of a departure, the exit code here, and what is said here. */
interface Departing {
  readonly row: string;
  readonly status: number;
  readonly says?: RegExp | undefined;
}

interface Pair {
  readonly theirs: Ran;
  readonly ours: Ran;
}

type Level = (pair: Pair) => Pair;

function withoutLines(text: string, pattern: RegExp): string {
  return text
    .split('\n')
    .filter((line) => !pattern.test(line))
    .join('\n');
}

function theirLines(stream: 'out' | 'err', pattern: RegExp): Level {
  return ({ theirs, ours }) => ({
    theirs: { ...theirs, [stream]: withoutLines(theirs[stream], pattern) },
    ours,
  });
}

/** dfuERROR, or a transfer in the middle, that an earlier command has left, and that is cleared. */
const CLEARED =
  /^DFU state\((?:10|5|9)\) = .*\n(?:Clearing status|Aborting previous incomplete transfer)\nDetermining device status\.\.\.\n/m;

/** Which of the two meets what an earlier command has left depends on what that one asked of the device. */
function cleared({ theirs, ours }: Pair): Pair {
  if (CLEARED.test(theirs.out) === CLEARED.test(ours.out)) return { theirs, ours };
  const plain = (ran: Ran): Ran => ({ ...ran, out: ran.out.replace(CLEARED, '') });
  return { theirs: plain(theirs), ours: plain(ours) };
}

/** SHA-256 of nothing. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const IMAGE_LINES =
  /^(?:DfuSe interface name|Target name|Parsing element|Setting Alternate Interface #|Erase |Download\t)/;

/** Of a DfuSe file: what is told, whatever the order. */
function imagesTold(ran: Ran): Ran {
  if (!ran.out.includes('Multiple alternate interfaces for DfuSe file')) return ran;
  const lines = ran.out.split('\n').filter((each) => !IMAGE_LINES.test(each));
  return { ...ran, out: [...new Set(lines)].toSorted().join('\n') };
}

const both =
  (change: (ran: Ran) => Ran): Level =>
  ({ theirs, ours }) => ({ theirs: change(theirs), ours: change(ours) });

const BANNER = /^dfu-util 0\.11\n\n(?:.+\n)+\n/;
const LISTED = /^Found /;

function withoutHelp(text: string): string {
  return text.replace(/^Usage: dfu-util [^]*/m, '');
}

function sortedList(ran: Ran): Ran {
  const lines = ran.out.split('\n');
  const listed = lines.filter((line) => LISTED.test(line)).toSorted();
  const out = lines.map((line) => (LISTED.test(line) ? (listed.shift() ?? line) : line));
  return { ...ran, out: out.join('\n') };
}

/** What is refused is said before more is asked of the device: what was said until then is the same. */
function saidEarlier({ theirs, ours }: Pair): Pair {
  const endsSo = theirs.status === ours.status && theirs.err === ours.err && ours.status !== 0;
  return endsSo && theirs.out.startsWith(ours.out.trimEnd())
    ? { theirs: { ...theirs, out: ours.out }, ours }
    : { theirs, ours };
}

/** The small departures, by their rows: each takes what it is about, and nothing else, out of the comparison. */
const LEVELS: readonly (readonly [string, Level])[] = [
  ['banner', both((ran) => ({ ...ran, out: ran.out.replace(BANNER, '') }))],
  ['help', both((ran) => ({ ...ran, out: withoutHelp(ran.out), err: withoutHelp(ran.err) }))],
  [
    'own-words',
    ({ theirs, ours }) => ({
      theirs,
      ours: { ...ours, err: ours.err.replace(/^dfukit: .*\n(?: {2}.*\n)*/gm, '') },
    }),
  ],
  [
    'no-suffix-no-warning',
    theirLines(
      'err',
      /^dfu-util: (?:Warning: (?:File too short for DFU suffix|Invalid DFU suffix signature)|A valid DFU suffix will be required)/,
    ),
  ],
  [
    'verbose',
    ({ theirs, ours }) => ({
      theirs: {
        ...theirs,
        out: withoutLines(theirs.out, /^libusb version /),
        err: withoutLines(
          theirs.err,
          /^(?:Erasing page size| Download from image| +Poll timeout| +Setting address|\[|-{20})/,
        ),
      },
      ours: { ...ours, out: withoutLines(ours.out, /^dfukit version /) },
    }),
  ],
  ['order-of-the-list', both(sortedList)],
  ['left-in-order', cleared],
  [
    'file-when-whole',
    ({ theirs, ours }) => ({
      theirs: { ...theirs, left: withoutLines(theirs.left, new RegExp(` ${EMPTY}$`)) },
      ours,
    }),
  ],
  ['alternate-where-needed', theirLines('out', /^Setting Alternate Interface zero\.\.\.$/)],
  ['blocks-beyond-4096', theirLines('out', /^Limited transfer size to 4096$/)],
  [
    'torn-lines',
    ({ theirs, ours }) => ({
      theirs: {
        ...theirs,
        err: withoutLines(
          theirs.err
            .replace('dfu-util: \nError', 'dfu-util: Error')
            .replace('memoryand', 'memory and'),
          /^dfu-util: (?:Could not read name, sscanf|Non-valid multiplier ' ')/,
        ),
      },
      ours,
    }),
  ],
  ['told-before-asking', saidEarlier],
  ['images-as-one', both(imagesTold)],
];

/** A bar draws itself over: of a whole one the last state is left, of any other nothing. */
function withoutBars(text: string): string {
  const lines = text.split('\n').map((line) => {
    const last = line.slice(line.lastIndexOf('\r') + 1);
    if (last === line || /\] 100% /.test(last)) return last;
    return last.endsWith(' failed!') ? ' failed!' : '';
  });
  return lines.filter((line) => line !== '').join('\n');
}

function normalised(ran: Ran, folder: string): Ran {
  const plain = (text: string): string =>
    text.replaceAll(folder, 'FOLDER').replace(/\bdevnum=\d+/g, 'devnum=N');
  const banner = BANNER.exec(ran.out)?.[0] ?? '';
  const out = banner + withoutBars(plain(ran.out.slice(banner.length)));
  return { ...ran, out, err: plain(ran.err).replace(/\n\n+/g, '\n') };
}

/** What a comparison has found. */
interface Judgement {
  /** Rows of departures that were met. */
  readonly met: readonly string[];
  /** What no row tells of; empty if all is as it should be. */
  readonly differences: readonly string[];
}

const PARTS = ['status', 'out', 'err', 'left'] as const;

function differences({ theirs, ours }: Pair): string[] {
  return PARTS.filter((part) => String(theirs[part]).trim() !== String(ours[part]).trim()).map(
    (part) => `${part}: dfu-util: ${theirs[part]}\n      dfukit: ${ours[part]}`,
  );
}

function isUnchanged({ theirs, ours }: Pair, after: Pair): boolean {
  return PARTS.every(
    (part) => theirs[part] === after.theirs[part] && ours[part] === after.ours[part],
  );
}

/** Compares one command line's two outcomes. */
export function judged(line: ComparedLine, found: Pair, folder: string): Judgement {
  let pair: Pair = {
    theirs: normalised(found.theirs, folder),
    ours: normalised(found.ours, folder),
  };
  if (line.departs !== undefined) return judgedWhole(line.departs, pair);
  const met: string[] = [];
  for (const [row, level] of LEVELS) {
    if (differences(pair).length === 0) break;
    const after = level(pair);
    if (isUnchanged(pair, after)) continue;
    met.push(row);
    pair = after;
  }
  return { met, differences: differences(pair) };
}

function judgedWhole({ row, status, says }: Departing, pair: Pair): Judgement {
  const { theirs, ours } = pair;
  const wrong = [
    ...(differences(pair).length === 0 ? ['both do the same'] : []),
    ...(ours.status === status ? [] : [`status: expected ${status}, got ${ours.status}`]),
    ...(says === undefined || says.test(`${ours.out}\n${ours.err}`) ? [] : [`expected ${says}`]),
  ];
  const told = `dfu-util: ${JSON.stringify(theirs)}\ndfukit: ${JSON.stringify(ours)}`;
  return { met: [row], differences: wrong.length === 0 ? [] : [...wrong, told] };
}
