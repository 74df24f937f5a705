import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Something that a program can say, as its source has it. */
interface Sentence {
  readonly file: string;
  readonly line: number;
  /** The literal without its quotes; `${…}` where something is filled in. */
  readonly text: string;
}

/**
 * Every sentence in the sources of a folder: each string that has a space in it, comments aside. What
 * is filled in is looked at as well, for it may hold sentences of its own.
 */
export function sentencesIn(folder: string): Sentence[] {
  const files = readdirSync(folder).filter((file) => /^(?!.*\.test\.ts$).*\.ts$/.test(file));
  return files.toSorted().flatMap((file) => {
    const source = readFileSync(join(folder, file), 'utf8');
    const found: Sentence[] = [];
    const lineAt = (at: number): number => source.slice(0, at).split('\n').length;
    readCode(source, 0, (text, at) => {
      if (text.replaceAll('${…}', '').trim().includes(' ')) {
        found.push({ file, line: lineAt(at), text });
      }
    });
    return found;
  });
}

type Tell = (text: string, at: number) => void;

/** Reads code up to its end, or to the brace that closes a template's hole; says where it ended. */
function readCode(source: string, from: number, tell: Tell): number {
  let depth = 0;
  let at = from;
  while (at < source.length) {
    const rest = source.slice(at, at + 2);
    const [char] = rest;
    if (rest === '//') at = endOf(source, '\n', at);
    else if (rest === '/*') at = endOf(source, '*/', at);
    else if (char === "'") at = readString(source, at, tell);
    else if (char === '`') at = readTemplate(source, at, tell);
    else if (char === '}' && depth === 0) return at;
    else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      at += 1;
    }
  }
  return at;
}

function endOf(source: string, mark: string, from: number): number {
  const at = source.indexOf(mark, from);
  return at < 0 ? source.length : at + mark.length;
}

function readString(source: string, from: number, tell: Tell): number {
  let at = from + 1;
  while (source[at] !== "'") at += source[at] === '\\' ? 2 : 1;
  tell(source.slice(from + 1, at), from);
  return at + 1;
}

function readTemplate(source: string, from: number, tell: Tell): number {
  let text = '';
  let at = from + 1;
  while (source[at] !== '`') {
    if (source.startsWith('${', at)) {
      at = readCode(source, at + 2, tell) + 1;
      text += '${…}';
    } else {
      text += source[at];
      at += 1;
    }
  }
  tell(text, from);
  return at + 1;
}

/** Whether somebody heard a sentence: in what was said it stands with all its own words. */
export function isHeard({ text }: Sentence, heard: readonly string[]): boolean {
  const parts = text.split('${…}').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(parts.join('.+?'), 's');
  return heard.some((each) => pattern.test(each));
}
