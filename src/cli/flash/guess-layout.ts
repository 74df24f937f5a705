import { boardModels, flashSizeBytes } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { SectorMap } from '../../flash/index.ts';
import { guessLayouts, layoutText } from '../../lab/index.ts';
import type { FlashLayout, Guess, GuessLimits } from '../../lab/index.ts';
import { replayedOf } from './board-bootloader.ts';
import { laidOver, possibleFlashes } from './dump-file.ts';
import type { DumpFile, PossibleFlash } from './dump-file.ts';
import type { Found } from './found-layout.ts';
import { notADump, refuseImage, refuseOneSlot } from './no-dump.ts';
import type { FlashBase, LayoutOptions } from './options.ts';
import { ProgressLine } from './progress-line.ts';
import { interruptible } from '../shared/signals.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

function limitsOf(options: LayoutOptions): GuessLimits {
  const { algorithm, writeUnit, maxAlign, maxSectors, erasedValue, sectors } = options;
  const size = sectors?.length === 1 ? sectors[0]?.sizeBytes : undefined;
  return {
    algorithm: algorithm?.algorithm,
    writeUnitBytes: writeUnit,
    maxAlign,
    maxImgSectors: maxSectors,
    erasedValue,
    sectorBytes: size,
  };
}

interface KnownLayout {
  readonly name: string;
  readonly layout: FlashLayout;
}

/** The layouts of the boards whose flash is as large as the dump. */
function knownLayouts(sizeBytes: number): KnownLayout[] {
  return boardModels.flatMap((model) => {
    if (flashSizeBytes(model.flash) !== sizeBytes) return [];
    const layout = replayedOf(model);
    return layout === undefined ? [] : [{ name: model.name, layout }];
  });
}

/** The best layouts for a file, over the flash that it may be of. */
interface Guessed {
  readonly guesses: readonly Guess[];
  readonly known: readonly KnownLayout[];
  readonly bases: readonly FlashBase[] | undefined;
}

async function guessOver(
  terminal: Terminal,
  file: DumpFile,
  options: LayoutOptions,
  { sizeBytes, bases }: PossibleFlash,
): Promise<Guessed> {
  const { algorithm, erasedValue = 0xff } = options;
  const geometry = { sectors: [{ count: 1, sizeBytes }], writeUnitBytes: 1, erasedValue };
  const { bytes } = laidOver(file, { geometry, bases });
  const known = algorithm === undefined ? knownLayouts(sizeBytes) : [];
  const layouts = known.map(({ layout }) => layout);
  const line = new ProgressLine(terminal.err, 'trying layouts');
  const guesses = await interruptible(terminal, async (signal) => {
    try {
      return await guessLayouts(bytes, limitsOf(options), layouts, async ({ done, total }) => {
        await line.show(done, total);
        if (signal.aborted) throw new DfuError('ABORTED', 'layout: stopped while guessing');
      });
    } finally {
      line.clear();
    }
  });
  return { guesses, known, bases };
}

/** The layout that fits a dump best; what would fit as well is a doubt. Throws `MALFORMED` where none fits. */
export async function guessed(
  terminal: Terminal,
  file: DumpFile,
  options: LayoutOptions,
): Promise<Found> {
  refuseImage(file);
  refuseOneSlot(file);
  let best: Guessed | undefined;
  let failed: unknown;
  for (const flash of possibleFlashes(file, options)) {
    try {
      const found = await guessOver(terminal, file, options, flash);
      if ((found.guesses[0]?.score ?? 0) > (best?.guesses[0]?.score ?? -Infinity)) best = found;
    } catch (error) {
      if (!DfuError.is(error, 'MALFORMED')) throw error;
      failed ??= notADump(file, error);
    }
  }
  const [guess] = best?.guesses ?? [];
  if (best === undefined || guess === undefined) {
    throw failed ?? new DfuError('MALFORMED', 'layout: none fits this dump');
  }
  const { guesses, known, bases } = best;
  const board = known.find(({ layout }) => layout === guess.layout);
  const name = board === undefined ? '' : ` (board ${board.name})`;
  if (file.raw === undefined) {
    const size = new SectorMap(guess.layout.geometry).sizeBytes;
    warn(terminal, `layout: the file does not say how large the flash is; taken as ${size} bytes`);
  }
  warn(terminal, `layout: guessed ${layoutText(guess.layout)}${name}`);
  warn(terminal, `layout: ${guess.evidence.join('; ')}`);
  const others = rivals(guess, guesses);
  const all = [`the layout was guessed${name}`, ...others];
  return { layout: guess.layout, source: `guessed${name}`, bases, doubts: all };
}

/** What fits as well as the best and differs in something that matters. */
function rivals(best: Guess, guesses: readonly Guess[]): string[] {
  const close = guesses.filter((each) => each !== best && best.score - each.score < 0.1);
  const others = (pick: (layout: FlashLayout) => unknown): string[] => {
    const values = new Set(close.map(({ layout }) => String(pick(layout))));
    values.delete(String(pick(best.layout)));
    return [...values];
  };
  const lines: string[] = [];
  const say = (name: string, values: readonly string[]): void => {
    if (values.length > 0) lines.push(`${values.join(', ')} would fit as well; say ${name}`);
  };
  say(
    '--algorithm',
    others(({ config }) => config.algorithm),
  );
  say(
    '--write-unit',
    others(({ geometry }) => geometry.writeUnitBytes),
  );
  return lines;
}
