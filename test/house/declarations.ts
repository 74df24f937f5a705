import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** What one declaration file says, name by name. */
interface DeclarationFile {
  /** Declarations of the file, without their comments, in its order. */
  readonly declared: ReadonlyMap<string, string>;
  /** Names that it passes on from another file, and their name there. */
  readonly passedOn: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
  /** Files of which it passes on everything. */
  readonly everythingOf: readonly string[];
  /** Names that it takes from another file for its own declarations. */
  readonly imported: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
}

/** One name of a face: where it is declared and how. */
export interface Declaration {
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

/** What makes a declaration this one, whatever it is called where it is passed on. */
export function keyOf({ file, text }: Declaration): string {
  return `${file}: ${text}`;
}

function withoutComments(source: string): string {
  // the compiler's declarations have no strings with comment marks in them
  return source
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/\n\s*\n+/g, '\n');
}

/** Statements at the margin: each begins at a word in column 0. */
function statements(source: string): string[] {
  return withoutComments(source)
    .split(/\n(?=[a-z])/)
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function namesIn(list: string): { readonly outer: string; readonly inner: string }[] {
  return list
    .split(',')
    .map((each) => each.trim().replace(/^type /, ''))
    .filter((each) => each !== '')
    .map((each) => {
      const [inner = '', outer = inner] = each.split(/\s+as\s+/);
      return { inner, outer };
    });
}

const declares =
  /^(?:export )?(?:declare )?(?:abstract )?(?:const|let|function|class|interface|type|namespace) ([\w$]+)/;

function parse(file: string): DeclarationFile {
  const declared = new Map<string, string>();
  const passedOn = new Map<string, { file: string; name: string }>();
  const imported = new Map<string, { file: string; name: string }>();
  const everythingOf: string[] = [];
  const target = (specifier: string): string =>
    specifier.startsWith('.')
      ? resolve(dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts'))
      : specifier;
  for (const statement of statements(readFileSync(file, 'utf8'))) {
    const all = /^export \* from '([^']*)'/.exec(statement.replaceAll('"', "'"));
    const some = /^(export|import)(?: type)? \{([^}]*)\} from '([^']*)'/.exec(
      statement.replaceAll('"', "'"),
    );
    const [, name] = declares.exec(statement) ?? [];
    if (all?.[1] !== undefined) everythingOf.push(target(all[1]));
    else if (some !== null) {
      const [, kind, list = '', specifier = ''] = some;
      for (const { inner, outer } of namesIn(list)) {
        const where = { file: target(specifier), name: inner };
        (kind === 'export' ? passedOn : imported).set(outer, where);
      }
    } else if (name !== undefined) {
      // overloads of a function follow one another
      const before = declared.get(name);
      declared.set(name, before === undefined ? statement : `${before}\n${statement}`);
    } else if (statement !== 'export {};' && !statement.startsWith('declare global {')) {
      throw new Error(`${file}: expected a declaration, got: ${statement}`);
    }
  }
  return { declared, passedOn, everythingOf, imported };
}

/** Reads the compiler's declarations, each file once. */
export class Declarations {
  readonly #files = new Map<string, DeclarationFile>();

  #read(file: string): DeclarationFile {
    let found = this.#files.get(file);
    if (found === undefined) {
      found = parse(file);
      this.#files.set(file, found);
    }
    return found;
  }

  #find(file: string, name: string): Declaration {
    const { declared, passedOn, everythingOf, imported } = this.#read(file);
    const text = declared.get(name);
    if (text !== undefined) return { name, file, text };
    const further = passedOn.get(name) ?? imported.get(name);
    if (further !== undefined) return this.#find(further.file, further.name);
    for (const each of everythingOf) {
      if (this.#exported(each).has(name)) return this.#find(each, name);
    }
    throw new Error(`${file}: no declaration of ${name}`);
  }

  /** Names that a file gives away. */
  #exported(file: string): Set<string> {
    const { declared, passedOn, everythingOf } = this.#read(file);
    const own = [...declared]
      .filter(([, text]) => text.startsWith('export '))
      .map(([name]) => name);
    const all = new Set([...own, ...passedOn.keys()]);
    for (const each of everythingOf) {
      for (const name of this.#exported(each)) all.add(name);
    }
    return all;
  }

  /** Everything that a file gives to the world, by name. */
  face(file: string): Declaration[] {
    return [...this.#exported(file)].toSorted().map((name) => {
      const { file: home, text } = this.#find(file, name);
      return { name, file: home, text };
    });
  }

  /**
   * Declarations that the given ones speak of and that are not among them, and what these speak of in turn,
   * up to those that `named` knows: a user can name these.
   */
  spokenOf(face: readonly Declaration[], named: (each: Declaration) => boolean): Declaration[] {
    const known = new Set(face.map(keyOf));
    const found = new Map<string, Declaration>();
    const open = [...face];
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      for (const next of this.#mentions(each)) {
        if (known.has(keyOf(next)) || found.has(keyOf(next))) continue;
        found.set(keyOf(next), next);
        if (!named(next)) open.push(next);
      }
    }
    return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  #mentions({ file, text }: Declaration): Declaration[] {
    const { declared, imported } = this.#read(file);
    const words = new Set(text.match(/[A-Za-z_$][\w$]*/g));
    const local = [...declared.keys(), ...imported.keys()].filter((name) => words.has(name));
    return local
      .filter((name) => !(imported.get(name)?.file ?? '').match(/^[^/.]|^node:/))
      .map((name) => this.#find(file, name));
  }
}
