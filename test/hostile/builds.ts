import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootloaderOf, importRiot, importZephyr, readBoardFile } from '../../src/board/index.ts';
import type { BuildText, ImportedBoard } from '../../src/board/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { checkAnswer } from './attack.ts';
import type { Attack, UnderWay } from './attack.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

const builds = join(import.meta.dirname, '../fixtures/builds');

/** Numbers that make sizes, counts and addresses wrong. */
const NUMBERS = ['0x0', '0x1', '0x7', '0xfff', '0x80000000', '0xffffffff', '99999999999', '', 'y'];

/** One number, name or line made another. */
function reworded(text: string, random: Random): string {
  const lines = text.split('\n');
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const at = random.below(lines.length);
    const line = lines[at] ?? '';
    const other = lines[random.below(lines.length)] ?? '';
    lines[at] = random.pick([
      line.replace(/0x[0-9a-f]+|=\d+$/, random.pick(NUMBERS)),
      line.replace(/[0-9a-f]/, random.pick(['0', '9', 'f', ''])),
      line.replace(' is not set', '=y').replace('# ', ''),
      '',
      other,
      `${line}\n${other}`,
    ]);
  }
  return lines.join('\n');
}

class BuildAttack implements UnderWay {
  round(random: Random): void {
    const text = (path: string): BuildText => {
      const sound = readFileSync(join(builds, path));
      if (random.once(3)) return { name: path, text: sound.toString() };
      const words = reworded(sound.toString(), random);
      if (!random.once(3)) return { name: path, text: words };
      return {
        name: path,
        text: new TextDecoder().decode(mutated(new TextEncoder().encode(words), random)),
      };
    };
    const [name, application] = random.pick([
      ['nrf52840dk', 'hello/zephyr'],
      ['nrf5340dk', 'app/zephyr'],
      ['nucleo_f429zi', 'zephyr'],
      ['rpi_pico', 'blinky/zephyr'],
      ['riot-nrf52840dk', 'riot.vars'],
      ['riot-samr21-xpro', 'riotbuild/riotbuild.h'],
    ] as const);
    const zephyr = (): ImportedBoard =>
      importZephyr(
        {
          devicetree: text(`${name}/${application}/zephyr.dts`),
          configuration: text(`${name}/${application}/.config`),
          mcuboot: { configuration: text(`${name}/mcuboot/zephyr/.config`) },
        },
        {},
        (path) => (path === '' ? undefined : 'key.pem'),
      );
    const riot = (): ImportedBoard =>
      importRiot(text(`${name}/${application}`), {
        sectors: [{ sizeBytes: 4096 }],
        writeUnitBytes: 4,
        flashBaseAddress: 0,
        riotbootHeaderBytes: 256,
      });
    const answer = answerOf(name.startsWith('riot') ? riot : zephyr);
    checkAnswer(['board', 'import', name], answer);
  }

  end(): void {}
}

/** As the command ends: with a board that can be laid out, or with an error of ours. */
function answerOf(make: () => ImportedBoard): { exit: number; out: string; err: string } {
  try {
    const { file, findings, doubts } = make();
    const model = readBoardFile(JSON.parse(JSON.stringify(file)));
    bootloaderOf(model).layout(model);
    return { exit: 0, out: JSON.stringify(file), err: JSON.stringify([findings, doubts]) };
  } catch (error) {
    if (DfuError.is(error)) return { exit: 65, out: '', err: error.message };
    throw error;
  }
}

/** Devicetrees and configurations of a build, with something wrong in them. */
export const buildFolders: Attack = {
  name: 'builds whose devicetree and configuration lie, made into boards',
  rounds: 400,
  begin: () => new BuildAttack(),
};
