import { basename } from 'node:path';
import type { Action, BootExpectation, Expectation } from './scenario.ts';

/** Longest title, in characters. */
const MOST = 120;

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line;
}

/** Where something goes, as far as the file tells. */
function target(place: {
  readonly slot?: number | undefined;
  readonly alt?: string | number | undefined;
  readonly address?: number | undefined;
}): string {
  const { slot, alt, address } = place;
  if (slot !== undefined) return ` into slot ${slot}`;
  if (alt !== undefined) return ` into ${alt}`;
  return address === undefined ? '' : ` at 0x${address.toString(16)}`;
}

/** A boot in words. */
function bootText({ versions, slot, why, mode }: BootExpectation): string {
  const what = mode === 'dfu' ? 'DFU mode' : mode === 'none' ? 'nothing' : 'boot';
  const words = [
    versions.length > 0
      ? `${what === 'boot' ? 'boot of ' : `${what}, `}${versions.join(' or ')}`
      : what,
    ...(slot === undefined ? [] : [`in slot ${slot}`]),
    ...(why === undefined ? [] : [`(${why})`]),
  ];
  return words.join(' ');
}

function expectationText({ boot, console, flash, usb, exit }: Expectation): string {
  const words = [
    ...(boot === undefined ? [] : [bootText(boot)]),
    ...(console === undefined ? [] : [`console ${console.shown}`]),
    ...(flash ?? []).map(({ slot }) => `flash of slot ${slot}`),
    ...(usb === undefined ? [] : [`usb ${usb.state}${usb.id === undefined ? '' : ` ${usb.id}`}`]),
    ...(exit === undefined ? [] : [`exit ${exit.code}`]),
  ];
  return `expect ${words.join(', ')}`;
}

function wordsOf(action: Action): string {
  switch (action.kind) {
    case 'power':
      return `power ${action.on ? 'on' : 'off'}`;
    case 'download': {
      const refused = action.fails === undefined ? '' : ', to be refused';
      return `download ${basename(action.file)}${target(action)}${refused}`;
    }
    case 'upload': {
      const from = target(action).replace('into', 'from');
      return `upload${from}${action.fails === undefined ? '' : ', to be refused'}`;
    }
    case 'program':
      return `program ${basename(action.file)}${target(action)}`;
    case 'reset':
      return action.button ? 'reset with the button held' : 'reset';
    case 'button':
      return `${action.pressed ? 'press' : 'release'} ${action.button ?? 'the button'}`;
    case 'power-cut':
      return action.afterOperations === undefined
        ? 'power cut'
        : `power cut after ${action.afterOperations} flash operations (${action.cut})`;
    case 'input':
      return `type ${action.text}`;
    case 'wait':
      return `wait ${action.ms} ms`;
    case 'run':
      return `run ${action.command}`;
    case 'expect':
      return expectationText(action.expected);
    case 'for-each':
      return 'for each power cut';
    case 'detach':
    case 'unplug':
    case 'replug':
      return action.kind;
    default:
      return action satisfies never;
  }
}

/** What a step does, in a line. */
export function titleOf(action: Action): string {
  return cut(wordsOf(action));
}
