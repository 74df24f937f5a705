import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { OneATurn } from './one-a-turn.ts';

class Source {
  readonly said: string[] = [];
  readonly queue = new OneATurn({
    pause: () => this.#say('pause'),
    resume: () => this.#say('resume'),
  } as unknown as ConstructorParameters<typeof OneATurn>[0]);

  #say(word: string): void {
    this.said.push(word);
  }
}

describe('what comes in at once', () => {
  test('is carried out in its order, with a turn for everybody else in between', async () => {
    const { queue, said } = new Source();
    for (const name of ['a', 'b', 'c']) queue.add(() => said.push(name));
    expect(said).toEqual(['pause', 'a']);
    setImmediate(() => said.push('others'));
    await turn();
    await turn();
    await turn();
    await turn();
    expect(said.filter((each) => each !== 'others')).toEqual(['pause', 'a', 'b', 'c', 'resume']);
    expect(said.indexOf('others')).toBeLessThan(said.indexOf('c'));
    queue.add(() => said.push('d'));
    expect(said.slice(-2)).toEqual(['pause', 'd']);
  });

  test('can be dropped by one of them', async () => {
    const { queue, said } = new Source();
    for (const name of ['a', 'quit', 'c']) {
      queue.add(() => {
        said.push(name);
        if (name === 'quit') queue.drop();
      });
    }
    await turn();
    await turn();
    await turn();
    expect(said).toEqual(['pause', 'a', 'quit', 'resume']);
  });
});
