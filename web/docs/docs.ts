// What the pages of the documents run.
import './site-search.ts';
import { focusWhatScrolls } from '../site/focus-what-scrolls.ts';

focusWhatScrolls(document.querySelectorAll<HTMLElement>('pre, .scroll'));
