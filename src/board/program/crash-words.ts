/** What the firmware is called in stack traces. */
export const FIRMWARE_NAME = 'firmware';

/** Longest sentence that a crash is told in, in characters. */
const MOST_WORDS = 1000;

/**
 * A crash in words, with the place in the firmware if the stack has one. What the program wrote about it, JSON of words
 * and stack, is not believed to be that.
 */
export function crashWords(told: string, source: string): string {
  try {
    const [words, stack] = JSON.parse(told) as readonly unknown[];
    return withPlace(String(words), String(stack), source);
  } catch {
    return 'the program has ended by force';
  }
}

/**
 * The same of a stack: `main.ts, line 12 of the built module`, where a bundler has left its marks (`//#region`). Lines
 * are those of the module in the image.
 */
export function withPlace(words: string, stack: string, source: string): string {
  const short = words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS)}…` : words;
  const found = new RegExp(String.raw`\b${FIRMWARE_NAME}:(\d{1,7}):(\d{1,7})`).exec(stack);
  if (found === null) return short;
  const [, line = '', column = ''] = found;
  const file = fileAt(source, Number(line));
  return `${short} (${file === undefined ? '' : `${file}, `}line ${line}:${column} of the module)`;
}

/** Which source that line of a bundle came from. */
function fileAt(source: string, line: number): string | undefined {
  const above = source.split('\n', line);
  const mark = above.findLast((each) => /^\s*\/\/#(?:end)?region\b/.test(each));
  return mark === undefined ? undefined : /^\s*\/\/#region\s+(\S.*)$/.exec(mark)?.[1];
}
