import type { Random } from './random.ts';

/** An attack that has what it needs. */
export interface UnderWay {
  /** Once more; throws if something was lost, or said that is not so. */
  round(random: Random): Promise<void> | void;
  /** Looks whether all still stands, and gives back what was taken. */
  end(): Promise<void> | void;
}

/** One way to be hostile, over and over. */
export interface Attack {
  readonly name: string;
  /** How often the tests do it; `npm run soak` goes on. */
  readonly rounds: number;
  begin(): Promise<UnderWay> | UnderWay;
}

/** What is never right in an answer to a user: a value that has lost its meaning. */
const MEANINGLESS = /\bNaN\b|\bundefined\b|\[object |\bat .*\.[jt]s:\d+/;

/** More than anybody reads. */
const MOST_BYTES = 4 << 20;

/** A fault of the program itself (EX_SOFTWARE of sysexits). */
const EX_SOFTWARE = 70;

/** What any command line may come to, whatever it was given; throws if it is something else. */
export function checkAnswer(
  command: readonly string[],
  { exit, out, err }: { readonly exit: number; readonly out: string; readonly err: string },
): void {
  const said = out + err;
  const line = `dfukit ${command.join(' ')}`;
  if (exit === EX_SOFTWARE || !Number.isInteger(exit) || exit < 0 || exit > 255)
    throw new Error(`${line}: ends with ${exit}: ${said.slice(0, 2000)}`);
  if (said.length > MOST_BYTES) throw new Error(`${line}: says ${said.length} characters`);
  if (exit !== 0 && said.trim() === '')
    throw new Error(`${line}: ends with ${exit} without a word`);
  const meaningless = MEANINGLESS.exec(said);
  if (meaningless !== null) {
    const around = said.slice(Math.max(meaningless.index - 200, 0), meaningless.index + 200);
    throw new Error(`${line}: says ${meaningless[0]}: ${around}`);
  }
}
