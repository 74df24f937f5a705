import createMarkdown from 'markdown-it';
import type { MarkdownIt, Token } from 'markdown-it';

/** A heading, and the text that stands under it up to the next one. */
export interface Section {
  readonly level: number;
  readonly title: string;
  readonly anchor: string;
  readonly text: string;
}

/** A document as a page has it. */
export interface RenderedDocument {
  readonly html: string;
  readonly title: string;
  /** Of the first paragraph, without marks. */
  readonly summary: string;
  readonly sections: readonly Section[];
}

/** Text without its marks. */
function plain(token: Token | undefined): string {
  const inner = token?.children ?? [];
  return inner
    .map((child) => (child.type === 'softbreak' ? ' ' : child.content))
    .join('')
    .trim();
}

/** As GitHub makes an anchor of a heading, so that links work there and here. */
function anchorOf(title: string, taken: Map<string, number>): string {
  const anchor = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
    .replaceAll(' ', '-');
  const times = taken.get(anchor) ?? 0;
  taken.set(anchor, times + 1);
  return times === 0 ? anchor : `${anchor}-${times}`;
}

const MOST_SUMMARY = 200;

/** A paragraph's sentences, as many as there is room for in a list. */
function summaryOf(paragraph: string): string {
  const sentences = paragraph.match(/.*?[.!?:](?=\s|$)/g) ?? [paragraph];
  let summary = '';
  for (const sentence of sentences) {
    if (summary !== '' && summary.length + sentence.length > MOST_SUMMARY) break;
    summary += sentence;
  }
  return summary.replace(/:$/, '.').trim();
}

/** Gives headings their anchors; answers the sections. */
function sectionsOf(tokens: readonly Token[]): Section[] {
  const taken = new Map<string, number>();
  const sections: (Section & { text: string })[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const title = plain(tokens[at + 1]);
      const anchor = anchorOf(title, taken);
      token.attrSet('id', anchor);
      sections.push({ level: Number(token.tag.slice(1)), title, anchor, text: '' });
    }
    const current = sections.at(-1);
    if (current === undefined || tokens[at - 1]?.type === 'heading_open') continue;
    const text =
      token.type === 'inline' ? plain(token) : token.type === 'fence' ? token.content : '';
    if (text !== '') current.text += `${text.replaceAll(/\s+/g, ' ').trim()} `;
  }
  return sections;
}

/** Links and pictures lead to where `resolve` says. */
function lead(tokens: readonly Token[], resolve: (href: string) => string): void {
  for (const token of tokens) {
    for (const name of ['href', 'src']) {
      const target = token.attrGet(name);
      if (target !== null) token.attrSet(name, resolve(String(target)));
    }
    if (token.type === 'link_open' && /^https?:/.test(String(token.attrGet('href'))))
      token.attrSet('rel', 'noreferrer');
    lead(token.children ?? [], resolve);
  }
}

function renderer(): MarkdownIt {
  const markdown = createMarkdown('commonmark', { html: false }).enable('table');
  const { rules } = markdown.renderer;
  // What is wider than a phone scrolls by itself.
  rules['table_open'] = () => '<div class="scroll"><table>\n';
  rules['table_close'] = () => '</table></div>\n';
  rules['heading_close'] = (tokens, at) => {
    const anchor = tokens[at - 2]?.attrGet('id') ?? '';
    const title = markdown.utils.escapeHtml(plain(tokens[at - 1]));
    const link = `<a class="anchor" href="#${anchor}" aria-label="Link to: ${title}">#</a>`;
    return `${tokens[at]?.tag === 'h1' ? '' : link}</${tokens[at]?.tag ?? ''}>\n`;
  };
  return markdown;
}

/** Makes a page's content of a document; `resolve` says where a link of it leads in the site. */
export function renderMarkdown(
  source: string,
  resolve: (href: string) => string,
): RenderedDocument {
  const markdown = renderer();
  const environment = {};
  const tokens = markdown.parse(source, environment);
  const sections = sectionsOf(tokens);
  lead(tokens, resolve);
  const paragraph = tokens.findIndex(({ type }) => type === 'paragraph_open');
  return {
    html: markdown.renderer.render(tokens, { ...markdown.options }, environment),
    title: sections[0]?.title ?? '',
    summary: summaryOf(plain(tokens[paragraph + 1])),
    sections,
  };
}
