import { describe, expect, test } from 'vitest';
import { CREDIT_UNITS } from './port.ts';
import type { CreditMessage, PortMessage } from './port.ts';
import { ProgramEnd } from './program-end.ts';

const big: PortMessage = { head: 'x'.repeat(CREDIT_UNITS) };
const small: PortMessage = { head: '{}', bytes: Uint8Array.of(1, 2) };

interface Bench {
  readonly end: ProgramEnd;
  readonly sent: PortMessage[];
  readonly heard: string[];
  /** What was put off until the thread is free. */
  readonly later: (() => void)[];
}

/** A program's end; `fromBoard` are the messages that it finds when it waits. */
function bench(fromBoard?: (PortMessage | CreditMessage | undefined)[]): Bench {
  const sent: PortMessage[] = [];
  const heard: string[] = [];
  const later: (() => void)[] = [];
  const end = new ProgramEnd({
    post: (message) => sent.push(message),
    wait: fromBoard && (() => fromBoard.shift()),
    later: (run) => later.push(run),
  });
  end.listen({ receive: (head) => heard.push(head), hasCredit: () => heard.push('credit') });
  return { end, sent, heard, later };
}

describe('the program’s end of a port', () => {
  test('sends as long as there is credit, and what must be sent', () => {
    const { end, sent } = bench();
    expect(end.send(big)).toBe(true);
    expect(end.send(small)).toBe(false);
    expect(end.send(small, true)).toBe(true);
    expect(sent).toEqual([big, small]);
  });

  test('counts characters and bytes', () => {
    const { end, heard } = bench();
    end.send(big);
    end.send(small, true);
    end.take({ credit: 4 });
    expect(end.send(small)).toBe(false);
    end.take({ credit: 1 });
    expect(end.send(small)).toBe(true);
    expect(heard).toEqual(['credit', 'credit']);
  });

  test('waits for credit where it can; what comes meanwhile is heard later, in order', () => {
    const fromBoard = [undefined, { head: 'one' }, { head: 'two' }, { credit: 9 }];
    const { end, sent, heard, later } = bench(fromBoard);
    end.send(big);
    expect(end.send(small)).toBe(true);
    expect(sent).toEqual([big, small]);
    expect(heard).toEqual([]);
    expect(later).toHaveLength(1);
    end.take({ head: 'three' });
    later[0]?.();
    expect(heard).toEqual(['one', 'two', 'three']);
  });
});
