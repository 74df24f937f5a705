/** The lines of a text without the white space around them, each with its number from 1 on. */
export function* textLines(text: string): Generator<readonly [line: string, number: number]> {
  let from = 0;
  for (let number = 1; from <= text.length; number += 1) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    yield [text.slice(from, to).trim(), number];
    from = to + 1;
  }
}
