import type { Document, LineCounter } from 'yaml';
import type { ShapePath } from '../../../bytes/index.ts';
import { ScenarioFault } from '../../shared/scenario-fault.ts';

/** Most bytes of a scenario file. */
const MOST_BYTES = 0x100000;
/** Most aliases that are put in for one anchor's worth of nodes: a bomb of aliases is none here. */
const MOST_ALIASES = 100;

/** What a file says, and where it says it. */
interface ScenarioDocument {
  readonly value: unknown;
  /** The line at which something stands, from 1; of what is not there, that of what it would be in. */
  readonly lineOf: (path: ShapePath) => number | undefined;
}

type Yaml = typeof import('yaml');

/** Undefined where the optional package is not installed. */
async function loadYaml(): Promise<Yaml | undefined> {
  try {
    return await import('yaml');
  } catch {
    return undefined;
  }
}

/** Where a node, or the key that leads to it, begins. */
function lineIn(yaml: Yaml, document: Document, lines: LineCounter, path: ShapePath): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of [undefined, ...path]) {
    if (key !== undefined) {
      if (yaml.isAlias(node)) node = node.resolve(document);
      const pair = yaml.isMap(node)
        ? node.items.find((each) => yaml.isScalar(each.key) && String(each.key.value) === key)
        : undefined;
      if (pair !== undefined) offset = startOf(yaml, pair.key) ?? offset;
      if (!yaml.isCollection(node)) break;
      node = pair === undefined ? node.get(key, true) : pair.value;
      if (pair !== undefined) continue;
    }
    offset = startOf(yaml, node) ?? offset;
  }
  return lines.linePos(offset).line;
}

function startOf(yaml: Yaml, node: unknown): number | undefined {
  return yaml.isNode(node) ? node.range?.[0] : undefined;
}

function readYaml(yaml: Yaml, file: string, text: string): ScenarioDocument {
  const lines = new yaml.LineCounter();
  try {
    const options = { lineCounter: lines, prettyErrors: false, logLevel: 'error' } as const;
    const document = yaml.parseDocument(text, options);
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) {
      const { line } = lines.linePos(error.pos[0]);
      throw new ScenarioFault(file, line, `no YAML: ${error.message.split('\n')[0] ?? ''}`, error);
    }
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return { value, lineOf: (path) => lineIn(yaml, document, lines, path) };
  } catch (error) {
    if (error instanceof ScenarioFault) throw error;
    // Nested too deep, aliases without an end.
    const [words = ''] = (error as Error).message.split('\n');
    throw new ScenarioFault(file, undefined, `no YAML: ${words}`, error);
  }
}

function readJson(yaml: Yaml | undefined, file: string, text: string): ScenarioDocument {
  try {
    const value: unknown = JSON.parse(text);
    return {
      value,
      lineOf: yaml === undefined ? () => undefined : readYaml(yaml, file, text).lineOf,
    };
  } catch (error) {
    if (error instanceof ScenarioFault) throw error;
    throw new ScenarioFault(file, undefined, `no JSON: ${(error as Error).message}`, error);
  }
}

/**
 * Reads a file: JSON by its name, else YAML, by the optional package `yaml`. Throws `ScenarioFault`, also
 * where YAML cannot be read.
 */
export async function readDocument(file: string, bytes: Uint8Array): Promise<ScenarioDocument> {
  if (bytes.length > MOST_BYTES) {
    const words = `expected at most ${MOST_BYTES} bytes, got ${bytes.length}`;
    throw new ScenarioFault(file, undefined, words);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ScenarioFault(file, undefined, 'expected text in UTF-8', error);
  }
  const yaml = await loadYaml();
  if (/\.json$/i.test(file)) return readJson(yaml, file, text);
  if (yaml !== undefined) return readYaml(yaml, file, text);
  const words =
    'YAML needs the package yaml, which is not installed (npm install yaml); JSON does not';
  throw new ScenarioFault(file, undefined, words);
}
