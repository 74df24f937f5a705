/** The fields of an encoding, by the letters that stand for them. */
export type Fields = Readonly<Record<string, number>>;

/** One line of a table of the manual. */
interface Encoding {
  readonly mask: number;
  readonly value: number;
  readonly fields: readonly {
    readonly name: string;
    readonly shift: number;
    readonly bits: number;
  }[];
}

/** `000 00 iiiii mmm ddd`: 0 and 1 are as they stand, `-` is whatever, and letters are fields. */
export function encodingOf(pattern: string): Encoding {
  const text = pattern.replaceAll(' ', '');
  let [mask, value] = [0, 0];
  const fields = new Map<string, { shift: number; bits: number }>();
  for (let index = 0; index < text.length; index++) {
    const letter = text.charAt(index);
    const at = text.length - 1 - index;
    if (letter === '0' || letter === '1') {
      mask += 2 ** at;
      value += Number(letter) * 2 ** at;
    } else if (letter !== '-') {
      const field = fields.get(letter);
      fields.set(letter, { shift: at, bits: (field?.bits ?? 0) + 1 });
    }
  }
  return {
    mask,
    value,
    fields: Array.from(fields, ([name, field]) => ({ name, ...field })),
  };
}

export function matches({ mask, value }: Encoding, bits: number): boolean {
  return ((bits & mask) ^ value) === 0;
}

/** The fields of an instruction of that encoding. */
export function fieldsOf({ fields }: Encoding, bits: number): Fields {
  const found: Record<string, number> = {};
  for (const { name, shift, bits: width } of fields)
    found[name] = Math.floor(bits / 2 ** shift) % 2 ** width;
  return found;
}
