import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { WatchedDump } from './scenario-choices.ts';

/** What is in the flash that is watched, where it was dumped; `leave` goes back to a device that is made here. */
export function dumpView({ name, about, keys }: WatchedDump, leave: () => void): TemplateResult {
  const [source = '', ...doubts] = about;
  return html`<div class="dump">
    <p><strong>${name}</strong>: the flash as it was dumped. ${source}.</p>
    ${doubts.map((words) => html`<p class="muted">doubtful: ${words}</p>`)}
    <p class="muted">
      ${
        keys.length === 0
          ? 'Signatures are not checked: an image is taken here whoever has signed it, and the device itself may refuse it.'
          : 'Signatures are checked with the keys that were given beside the dump.'
      }
      The dump is kept in this browser until another one is watched, and is sent nowhere.
    </p>
    <p>
      <a href="../dump/">Explain another dump</a> ·
      <button @click=${leave}>Watch a device that is made here</button>
    </p>
  </div>`;
}
