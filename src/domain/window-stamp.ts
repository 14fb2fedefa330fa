/** `20130701T060000Z`: text that sorts as time does. */
export function windowStamp(time: string): string {
  return new Date(time)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
}
