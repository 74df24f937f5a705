import { DfuError } from '../bytes/index.ts';
import { splitSuffix } from '../dfu/index.ts';
import { isSegmentFormat, recognise, wholePrefix } from '../image/index.ts';
import type { FileFormat } from '../image/index.ts';
import { elementsOf, notOfFamilies } from './file-contents.ts';
import type * as FileReaders from './file-readers.ts';
import type { ReadBack } from './read-back.ts';
import type { SendOptions, SendPlan } from './send-plan.ts';

/** What a plan is made with, where file and options ask for it. */
interface PlanAids {
  /** For a file of a format with addresses. */
  readonly readers?: typeof FileReaders | undefined;
  /** For `expected`. */
  readonly demandPlaces?: ((plan: SendPlan) => void) | undefined;
}

/** Which of them are needed. Throws `INVALID_ARGUMENT`, as `planWith` does. */
export function aidsFor(
  file: Uint8Array | undefined,
  options: SendOptions,
): { readonly readers: boolean; readonly places: boolean } {
  const places = options.expected !== undefined;
  if (file === undefined) return { readers: false, places };
  const { kind } = kindOf(splitSuffix(file).payload, options);
  return { readers: kind === 'dfuse' || isSegmentFormat(kind), places };
}

/** `sendPlan` with the aids that it needs, of arguments that are what they should be. */
export function planWith(
  file: Uint8Array | undefined,
  options: SendOptions,
  aids: PlanAids,
): SendPlan {
  const plan = planOf(file, options, aids.readers);
  if (plan.expected !== undefined) {
    if (aids.demandPlaces === undefined) throw new TypeError('expected: nobody holds it to that');
    aids.demandPlaces(plan);
  }
  return plan;
}

function planOf(
  file: Uint8Array | undefined,
  options: SendOptions,
  readers: typeof FileReaders | undefined,
): SendPlan {
  const { transferSizeBytes, dialect, force = false, ...given } = options;
  const { address, leave, massErase, unprotect, willReset, allow, family } = given;
  const common = {
    transferSizeBytes,
    modifiers: { address, leave, massErase, unprotect, willReset, allow, force: force !== false },
    anyDevice: force === true,
    dialect,
    problems: [],
    readBack: readBackOf(options),
    ...(options.expected !== undefined && { expected: options.expected }),
    ...((options.raw === true || options.format === 'bin') && { raw: true as const }),
  };
  const nothing = { format: undefined, targets: [], suffix: undefined, suffixProblem: undefined };
  if (file === undefined) {
    if (family !== undefined) throw notOfFamilies('none');
    if (options.format !== undefined) {
      throw new DfuError('INVALID_ARGUMENT', 'format: expected a file of it, got none');
    }
    return { ...nothing, ...common };
  }
  const { payload, suffix, problem: suffixProblem } = splitSuffix(file);
  const { kind, isRaw } = kindOf(payload, options);
  if (kind === 'dfuse' && family === undefined) {
    if (readers === undefined) throw new TypeError('dfuse: expected its reader, got none');
    const { targets, problems } = readers.readDfuSeFile(file);
    return { ...common, format: kind, targets, suffix, suffixProblem, problems };
  }
  const elements = elementsOf(payload, kind, { readers, address, family });
  const targets = [{ alternate: undefined, elements }];
  const prefix = kind === 'binary' && !isRaw ? wholePrefix(payload) : undefined;
  return { ...common, format: kind, targets, prefix, suffix, suffixProblem };
}

interface Kind {
  readonly kind: FileFormat;
  /** Whether it goes as it is, a prefix included. */
  readonly isRaw: boolean;
}

/** What a file is taken for. */
function kindOf(payload: Uint8Array, { raw, format }: SendOptions): Kind {
  if (raw === true && format !== undefined && format !== 'bin') {
    const message = `raw sends the file as it is, and format ${format} takes it apart`;
    throw new DfuError('INVALID_ARGUMENT', message);
  }
  if (format === 'bin') return { kind: 'binary', isRaw: true };
  const kind = format ?? recognise(payload).format;
  // A DfuSe file says what goes where, and as it is no device would know it.
  if (raw === true) return { kind: kind === 'dfuse' ? kind : 'binary', isRaw: true };
  return { kind, isRaw: false };
}

/** What erases everything has nothing to compare with. */
function readBackOf({ verify, changedOnly, resume, massErase, unprotect }: SendOptions): ReadBack {
  if ((changedOnly === true || resume === true) && (massErase === true || unprotect === true)) {
    const what = massErase === true ? 'a mass erase' : 'read unprotect';
    const which = changedOnly === true ? 'what changed' : 'where it stopped';
    throw new DfuError('INVALID_ARGUMENT', `${what} leaves nothing to tell ${which} by`);
  }
  return {
    verify: verify === true,
    changedOnly: changedOnly === true,
    resume: resume === true,
  };
}
