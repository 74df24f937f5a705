import { basename, dirname, resolve } from 'node:path';
import { didYouMean, pathText, readShape } from '../../../bytes/index.ts';
import type { ShapePath, ShapePlace } from '../../../bytes/index.ts';
import type { Files } from '../../shared/files.ts';
import { readDocument } from './document.ts';
import { fileShape, variablesShape } from './file-shape.ts';
import type { FileScenario, ScenarioFile } from './file-shape.ts';
import type { BoardOrder, Scenario, ScenarioBoard, Step } from './scenario.ts';
import { ScenarioFault } from '../../shared/scenario-fault.ts';
import { substitute } from './variables.ts';
import type { Variables } from './variables.ts';

/** Most time for a scenario, in ms, unless told otherwise. */
const SCENARIO_MS = 600_000;

/** The file's variables with those of the command line over them. */
function variablesIn(value: unknown, set: Variables, place: ShapePlace): Variables {
  const own: unknown =
    typeof value === 'object' && value !== null && Object.hasOwn(value, 'variables')
      ? Reflect.get(value, 'variables')
      : undefined;
  if (own === undefined) return set;
  const path = [...place.path, 'variables'];
  const defaults = Object.entries(readShape(variablesShape, own, { ...place, path }));
  const known = defaults.filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new Map([...known, ...set]);
}

/** The document without its variables, put in everywhere else. */
function withVariables(
  value: unknown,
  variables: Variables,
  { fault }: ShapePlace,
  used: (name: string) => void,
): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { variables: own, ...rest } = value as { readonly variables?: unknown };
  const put = substitute(rest, { variables, used, fault }) as object;
  return own === undefined ? put : { ...put, variables: own };
}

function boardsOf(file: FileScenario, own: FileScenario, place: ShapePlace): ScenarioBoard[] {
  const several = own.boards ?? (own.order.board === undefined ? file.boards : undefined);
  const base: BoardOrder = { ...file.order, ...own.order };
  const orders: [string, BoardOrder][] =
    several === undefined ? [['', {}]] : Object.entries(several);
  return orders.map(([name, order]) => boardOf(name, { ...base, ...order }, place));
}

function boardOf(name: string, order: BoardOrder, place: ShapePlace): ScenarioBoard {
  const { board } = order;
  if (board !== undefined) return { ...order, board, name };
  const which = name === '' ? '' : ` of "${name}"`;
  const expected = 'expected a board, by name or as the path of its file';
  throw place.fault(place.path, `"board"${which} is missing: ${expected}`);
}

/** Throws where a step is for a board that is not there, or for none of several. */
function checkBoards(steps: readonly Step[], names: readonly string[], place: ShapePlace): void {
  const one = names.length === 1;
  const list = names.filter((name) => name !== '').join(', ');
  for (const { action, on, at } of steps) {
    const path = [...at, 'on'];
    if (action.kind === 'for-each') {
      checkBoards([...action.steps, ...action.check], names, place);
      if (!one) throw place.fault(at, 'for-each: power-cut is for a scenario with one board');
    } else if (on !== undefined && !names.includes(on)) {
      const known = list === '' ? '; there is one board, without a name' : `; there is: ${list}`;
      throw place.fault(path, `no board "${on}"${didYouMean(on, names)}${known}`);
    } else if (on === undefined && !one && needsBoard(action.kind)) {
      throw place.fault(at, `"on" is missing: expected one of the boards ${list}`);
    }
  }
}

/** All boards are there for a command of the shell; time goes by on each. */
function needsBoard(kind: Step['action']['kind']): boolean {
  return kind !== 'run' && kind !== 'wait' && kind !== 'expect';
}

/** What a file says, as scenarios. */
function scenariosIn(
  path: string,
  file: ScenarioFile,
  { place, lineOf }: { place: ShapePlace; lineOf: Scenario['lineOf'] },
): Scenario[] {
  const usual = basename(path).replace(/\.(?:ya?ml|json)$/i, '');
  const all = file.scenarios?.map((own, at) => ({ own, at: ['scenarios', at] as ShapePath }));
  const names = new Set<string>();
  return (all ?? [{ own: file, at: [] }]).map(({ own, at }) => {
    const { name = usual, steps = [] } = own;
    const here = { ...place, path: at };
    if (names.has(name)) throw place.fault([...at, 'name'], `there are two scenarios "${name}"`);
    names.add(name);
    const boards = boardsOf(file, own, here);
    checkBoards(
      steps,
      boards.map((board) => board.name),
      here,
    );
    return {
      name,
      file: path,
      folder: dirname(resolve(path)),
      at,
      boards,
      timeOutMs: own.timeOutMs ?? file.timeOutMs ?? SCENARIO_MS,
      stepTimeOutMs: own.stepTimeOutMs ?? file.stepTimeOutMs,
      steps,
      lineOf,
    };
  });
}

/** What `loadScenarios` is told. */
interface LoadOptions {
  /** Variables from the command line. */
  readonly set: Variables;
  /** Is told each variable that a file uses. */
  readonly used: (name: string) => void;
}

/**
 * Reads a file of scenarios: every key is known, every variable put in, every step whole. Throws `ScenarioFault` with
 * file and line, and an `UnreadableFile`.
 */
export async function loadScenarios(
  files: Files,
  path: string,
  { set, used }: LoadOptions,
): Promise<Scenario[]> {
  const { value, lineOf } = await readDocument(path, files.read(path));
  const place: ShapePlace = {
    path: [],
    fault(at, words) {
      const where = pathText(at);
      return new ScenarioFault(path, lineOf(at), where === '' ? words : `${where}: ${words}`);
    },
  };
  const variables = variablesIn(value, set, place);
  const put = withVariables(value, variables, place, used);
  return scenariosIn(path, readShape(fileShape, put, place), { place, lineOf });
}
