import type { Notifier } from '../../ports/notifier.js';
import { RatchetError } from '../../domain/failure.js';
import { postJson } from '../webhook/post-json.js';

export interface SlackNotifierOptions {
  /** Of the incoming webhook. Whoever knows it may write: it is a secret. */
  readonly url: string;
  readonly timeoutMs?: number;
}

/** Slack takes 3,000 characters in a section and 150 in a header. */
const TEXT_MAX = 2900;
const TITLE_MAX = 150;

/** Writes into a channel. What a receiver of another make does not know of the blocks it leaves, and shows `text`. */
export function createSlackNotifier({ url, timeoutMs = 10_000 }: SlackNotifierOptions): Notifier {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new RatchetError('NotifierUnavailable', 'slack: expected the http(s) address of an incoming webhook, found something else', {
      remedy: 'put the address alone into the variable or file that the route names',
    });
  return {
    async notify({ id, severity, title, text, to, link }) {
      const mark = severity === 'action' ? ':rotating_light: ' : '';
      const lines = [
        `\`\`\`${escape(text).slice(0, TEXT_MAX).replaceAll('```', "'''")}\`\`\``,
        ...(link ? [`<${link}|Look at it>`] : []),
        ...(to.length > 0 ? [`for ${escape(to.join(', '))}`] : []),
      ];
      const body = JSON.stringify({
        text: `${mark}${escape(title)}\n${lines.join('\n')}`.slice(0, 4000),
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: `${mark}${title}`.slice(0, TITLE_MAX) } },
          { type: 'section', text: { type: 'mrkdwn', text: lines[0] } },
          {
            type: 'context',
            elements: [...lines.slice(1), `id \`${escape(id)}\``].map((words) => ({ type: 'mrkdwn', text: words.slice(0, TEXT_MAX) })),
          },
        ],
      });
      await postJson({ what: `slack ${new URL(url).host}`, url, body, timeoutMs, secrets: [url, new URL(url).pathname] });
    },
  };
}

/** The three characters that Slack reads as its own; so nothing in a notice can call a whole channel. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
