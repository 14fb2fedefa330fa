import { describe, expect, test } from 'vitest';
import { dataWindow, inOffsetOf, startOfDay } from '../../../src/domain/decide/data-window.js';

const growing = { start: '2013-01-01T05:00:00.000Z', holdoutDays: 28, rowsMin: 1 };

describe('the data window', () => {
  test.for<[name: string, timeZone: string, asOf: string, holdoutStart: string, end: string]>([
    ['ends at as-of where that is midnight', 'UTC', '2013-07-01T00:00:00Z', '2013-06-03T00:00:00.000Z', '2013-07-01T00:00:00.000Z'],
    ['ends with the last whole day', 'UTC', '2013-07-01T17:30:00Z', '2013-06-03T00:00:00.000Z', '2013-07-01T00:00:00.000Z'],
    ['knows where days begin', 'America/New_York', '2013-07-01T03:59:00Z', '2013-06-02T04:00:00.000Z', '2013-06-30T04:00:00.000Z'],
    [
      'spans the hour that is skipped in spring',
      'America/New_York',
      '2013-04-01T04:00:00Z',
      '2013-03-04T05:00:00.000Z',
      '2013-04-01T04:00:00.000Z',
    ],
    [
      'spans the hour that comes twice in autumn',
      'America/New_York',
      '2013-11-10T05:00:00Z',
      '2013-10-13T04:00:00.000Z',
      '2013-11-10T05:00:00.000Z',
    ],
    [
      'begins with the day whose midnight is skipped',
      'America/Santiago',
      '2024-10-06T03:00:00Z',
      '2024-09-08T04:00:00.000Z',
      '2024-10-06T03:00:00.000Z',
    ],
    [
      'ends with the day before such a one',
      'America/Santiago',
      '2024-09-08T12:00:00Z',
      '2024-08-11T04:00:00.000Z',
      '2024-09-08T04:00:00.000Z',
    ],
    ['counts days from such a one', 'Africa/Cairo', '2024-04-26T12:00:00Z', '2024-03-28T22:00:00.000Z', '2024-04-25T22:00:00.000Z'],
    ['works east of Greenwich', 'Asia/Kolkata', '2013-07-01T00:00:00Z', '2013-06-02T18:30:00.000Z', '2013-06-30T18:30:00.000Z'],
  ])('%s', ([, timeZone, asOf, holdoutStart, end]) => {
    expect(dataWindow({ timeZone, window: growing }, asOf)).toEqual({ window: { start: growing.start, end }, holdoutStart });
  });

  test('slides by whole days', () => {
    const window = { days: 90, holdoutDays: 28, rowsMin: 1 };
    expect(dataWindow({ timeZone: 'America/New_York', window }, '2013-04-01T04:00:00Z').window.start).toBe('2013-01-01T05:00:00.000Z');
  });

  test('a day begins where its zone says', () => {
    expect(startOfDay('2013-07-01', 'America/New_York')).toBe('2013-07-01T00:00:00.000-04:00');
    expect(startOfDay('2013-12-01', 'America/New_York')).toBe('2013-12-01T00:00:00.000-05:00');
    expect(startOfDay('2013-07-01', 'Asia/Kolkata')).toBe('2013-07-01T00:00:00.000+05:30');
    expect(startOfDay('2024-09-08', 'America/Santiago')).toBe('2024-09-08T01:00:00.000-03:00');
    expect(startOfDay('2024-03-10', 'America/Havana')).toBe('2024-03-10T01:00:00.000-04:00');
    expect(startOfDay('2013-07-01', 'UTC')).toBe('2013-07-01T00:00:00.000Z');
  });

  test.for<[other: string | undefined, written: string]>([
    [undefined, '2013-06-30T22:00:00.000Z'],
    ['2014-01-01T00:00:00Z', '2013-06-30T22:00:00.000Z'],
    ['2014-01-01T00:00:00+00:00', '2013-06-30T22:00:00.000Z'],
    ['2014-01-01T00:00:00+02:00', '2013-07-01T00:00:00.000+02:00'],
    ['2014-01-01T00:00:00-04:30', '2013-06-30T17:30:00.000-04:30'],
  ])('an instant is written in the offset of %s', ([other, written]) => {
    expect(inOffsetOf(other, Date.parse('2013-06-30T22:00:00Z'))).toBe(written);
    expect(Date.parse(written)).toBe(Date.parse('2013-06-30T22:00:00Z'));
  });
});
