/** All but tab and line feed. */
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;
/** The same, but for the codes that `stageTree` paints with: whoever else writes one changes a colour and no more. */
const STEERING_BUT_COLOURS = /(?!\u001b\[(?:0|31|32|36|90)m)[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;

/** What people and jobs wrote, with signs for what would steer the terminal of who reads it: clear it, or write over another line. */
export function visible(text: string, { keepColours = false } = {}): string {
  return text.replace(keepColours ? STEERING_BUT_COLOURS : STEERING, signOf);
}

/** The same for a cell or a sentence, which one line tells: what follows a line feed would pass for a line of ours. */
export function oneLine(text: string): string {
  return text.replaceAll('\n', signOf);
}

/** A picture of the character (␛, ␍), of Unicode's block for it; C1 has none. */
function signOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x7f) return '\u2421';
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
}
