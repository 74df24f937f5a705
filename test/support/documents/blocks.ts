/** A fenced block of a Markdown page. */
export interface Block {
  /** What stands behind the fence: `sh`, `console`, `ts`, or nothing. */
  readonly language: string;
  /** The line of the page that the fence is in, from 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

/** A command that a page tells its reader to type. */
export interface PrintedCommand {
  readonly line: number;
  readonly command: string;
  /** What the page shows of its output, line by line. */
  readonly shown: readonly string[];
  /** The exit code that the page shows with `echo $?`; 0 where it shows none. */
  readonly status: number;
}

/** Every fenced block of a page. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, text] of page.split('\n').entries()) {
    const [, fence] = /^```(.*)$/.exec(text) ?? [];
    if (fence === undefined) open?.lines.push(text);
    else if (open === undefined) open = { language: fence, line: index + 1, lines: [] };
    else {
      blocks.push(open);
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`line ${open.line}: a block without an end`);
  return blocks;
}

/** The name of the file that a block shows whole: it is none of commands, and begins with `# NAME` or `// NAME`. */
export function nameOf({ language, lines }: Block): string | undefined {
  if (language === 'sh' || language === 'console') return undefined;
  return /^(?:#|\/\/) ([\w./-]+\.\w+)$/.exec(lines[0] ?? '')?.[1];
}

/** The files that a page shows whole. */
export function filesOf(page: string): Readonly<Record<string, string>> {
  const named = blocksOf(page).map((block) => [nameOf(block), block] as const);
  const files = named.flatMap(([name, { lines }]) =>
    name === undefined ? [] : [[name, `${lines.join('\n')}\n`] as const],
  );
  return Object.fromEntries(files);
}

const ASKS_FOR_STATUS = 'echo $?';

/** In `console` a command has a prompt and its output follows; in `sh` every line is a command. */
function linesOf({ language, lines }: Block): { prompt: boolean; text: string }[] {
  if (language === 'sh')
    return lines.map((text) => ({ prompt: true, text: text.replace(/(?:^|\s+)#.*$/, '') }));
  return lines.map((text) => {
    const prompt = text.startsWith('$ ');
    return { prompt, text: prompt ? text.slice(2) : text };
  });
}

/** The commands of a block; none if it is of another kind. */
export function commandsOf(block: Block): PrintedCommand[] {
  if (block.language !== 'sh' && block.language !== 'console') return [];
  const commands: { line: number; command: string; shown: string[]; status: number }[] = [];
  let asked = false;
  for (const [index, { prompt, text }] of linesOf(block).entries()) {
    const last = commands.at(-1);
    if (text.trim() === '') continue;
    if (prompt && text === ASKS_FOR_STATUS) asked = true;
    else if (prompt)
      commands.push({ line: block.line + 1 + index, command: text, shown: [], status: 0 });
    else if (last === undefined)
      throw new Error(`line ${block.line + 1 + index}: output without a command`);
    else if (asked) {
      last.status = Number(text);
      asked = false;
    } else last.shown.push(text);
  }
  return commands;
}
