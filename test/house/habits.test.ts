import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  readonly engines: { readonly node: string };
  readonly scripts: Record<string, string>;
  readonly devDependencies: Record<string, string>;
};
const github = readdirSync(resolve(root, '.github'), { recursive: true, encoding: 'utf8' }).filter(
  (name) => statSync(resolve(root, '.github', name)).isFile(),
);
const workflows = github.filter((name) => name.startsWith('workflows'));

// That they parse is seen by the check of the format.
describe('the workflows', () => {
  test('are those that test and that release', () => {
    expect(workflows.map((name) => name.replaceAll('\\', '/')).toSorted()).toEqual([
      'workflows/release.yml',
      'workflows/test.yml',
    ]);
  });

  test.each(workflows)('%s calls scripts that exist', (name) => {
    const text = read(`.github/${name}`);
    const scripts = [...text.matchAll(/\bnpm (?:run )?(test|(?<=run )[\w-]+)/g)].map(
      ([, script = '']) => script,
    );
    expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([]);
    const files = [...text.matchAll(/(?<=run: |uses: \.\/)\.[\w/.-]+/g)].map(([path]) => path);
    expect(files.filter((path) => !existsSync(resolve(root, path)))).toEqual([]);
    expect(scripts.length + (text.includes('.ci/run') ? 1 : 0)).toBeGreaterThan(0);
  });

  test('run the oldest Node that the package allows, and newer ones', () => {
    const [, list = ''] = /^ +node: \[(.*)\]$/m.exec(read('.github/workflows/test.yml')) ?? [];
    const versions = list.split(', ').map((each) => each.replaceAll("'", ''));
    expect(`>=${versions[0]}`).toBe(manifest.engines.node);
    expect(versions.map((each) => Number.parseInt(each, 10))).toEqual([20, 22, 24]);
    expect(read('.github/workflows/test.yml')).toMatch(/os: \[ubuntu\S+, macos\S+, windows\S+\]/);
  });

  test('skip nothing in the whole run, and may skip in the matrix', () => {
    const [whole = '', matrix = ''] = read('.github/workflows/test.yml').split(/^ {2}matrix:$/m);
    expect(whole).toContain('- run: .ci/run');
    expect(whole).not.toContain('CI:');
    expect(read('.ci/run')).toContain('CI=true npm test');
    expect(matrix).toContain("CI: ''");
  });

  test('release what its tag says, after the tests, with provenance', () => {
    const release = read('.github/workflows/release.yml');
    expect(release).toContain('uses: ./.github/workflows/test.yml');
    expect(release).toContain('id-token: write');
    expect(release).toMatch(/npm publish --provenance/);
    expect(release).toContain('"$GITHUB_REF_NAME" = "v$(npm pkg get version');
    expect(read('.github/workflows/test.yml')).toMatch(/^ {2}workflow_call:$/m);
  });
});

describe('the lock files', () => {
  test.each(['.', 'docs/api'])('of %s name no registry, and versions are exact', (folder) => {
    expect(read(`${folder}/package-lock.json`)).not.toContain('"resolved"');
    expect(read(`${folder}/.npmrc`)).toContain('omit-lockfile-registry-resolved=true');
    const { devDependencies } = JSON.parse(read(`${folder}/package.json`)) as typeof manifest;
    expect(Object.values(devDependencies).filter((each) => !/^\d+\.\d+\.\d+$/.test(each))).toEqual(
      [],
    );
  });
});

describe('a file that people fill in', () => {
  const forms = github.filter((name) => /ISSUE_TEMPLATE.(?!config)/.test(name));

  test.each(forms)('%s asks for something, and each question has a name of its own', (name) => {
    const text = read(`.github/${name}`);
    for (const key of ['name', 'description', 'body'])
      expect(text).toMatch(new RegExp(`^${key}:`, 'm'));
    const ids = [...text.matchAll(/^ {4}id: (\w+)$/gm)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(ids.length);
    const questions = text.match(/^ {2}- type: (?!markdown)/gm)?.length;
    expect(questions).toBe(ids.length);
  });

  test('is there for a bug, a device, a feature and a pull request', () => {
    expect(forms.map((name) => name.replace(/.*[\\/]/, '')).toSorted()).toEqual([
      'bug.yml',
      'device.yml',
      'feature.yml',
    ]);
    expect(read('.github/pull_request_template.md')).toContain('npm test');
  });
});

describe('the editor’s settings', () => {
  test('agree with prettier’s', () => {
    const { printWidth } = JSON.parse(read('.prettierrc.json')) as { printWidth: number };
    const settings = read('.editorconfig');
    expect(settings).toContain(`max_line_length = ${printWidth}`);
    for (const line of ['root = true', 'indent_size = 2', 'end_of_line = lf'])
      expect(settings.split('\n')).toContain(line);
  });
});
