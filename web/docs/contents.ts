// Which documents the site shows, in which order, and where. What no group names comes last.

/** A document of the project. */
export interface DocumentEntry {
  /** Its file, from the root of the project. */
  readonly file: string;
  /** Where it is in the site: `docs/boards/`. */
  readonly at: string;
}

interface Group {
  readonly name: string;
  readonly files: readonly string[];
}

const docs = (...names: string[]): string[] => names.map((name) => `docs/${name}.md`);

const examples = (...names: string[]): string[] =>
  names.map((name) => `examples/${name}/README.md`);

const groups: readonly Group[] = [
  { name: 'Begin here', files: ['README.md'] },
  {
    name: 'Flash a device',
    files: docs(
      'files',
      'endings',
      'when-an-update-fails',
      'doctor',
      'quirks',
      'production',
      'traces',
      'dfu-util',
      'run-time',
      'web-usb',
      'stm32',
      'web-flasher',
      'manifest',
    ),
  },
  {
    name: 'Virtual boards',
    files: [
      ...docs(
        'laboratory-in-the-browser',
        'boards',
        'board-import',
        'your-firmware',
        'machine-code',
        'refused-images',
        'zephyr',
      ),
      'firmware/README.md',
    ],
  },
  { name: 'Flash and images', files: docs('laboratory', 'images') },
  {
    name: 'Test updates',
    files: [
      ...docs('testing', 'scenarios', 'ci', 'board-json'),
      ...examples(
        'zephyr-sysbuild',
        'riot-two-slots',
        'every-power-cut',
        'own-bootloader',
        'downgrade',
        'production-line',
      ),
    ],
  },
  { name: 'Reference', files: docs('errors', 'json', 'completion', 'departures', 'seeds') },
  {
    name: 'The project',
    files: ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  },
];

/** `README.md` is `docs/readme/`, `docs/boards.md` is `docs/boards/`, and a README in a folder has the folder's name. */
function placeOf(file: string): string {
  const name = file
    .replace(/^docs\//, '')
    .replace(/(.)\/README\.md$/, '$1')
    .replace(/\.md$/, '');
  return `docs/${name.toLowerCase()}/`;
}

/** A group of documents, as the site lists them. */
export interface DocumentGroup {
  readonly name: string;
  readonly documents: readonly DocumentEntry[];
}

/** Those of the files that there are, in their groups; none is left out. */
export function contentsOf(files: readonly string[]): DocumentGroup[] {
  const grouped = new Set(groups.flatMap((group) => group.files));
  const rest = files.filter((file) => !grouped.has(file));
  return [...groups, { name: 'More', files: rest }]
    .map((group) => ({
      name: group.name,
      documents: group.files
        .filter((file) => files.includes(file))
        .map((file) => ({ file, at: placeOf(file) })),
    }))
    .filter(({ documents }) => documents.length > 0);
}
