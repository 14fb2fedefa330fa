/** An alarm that people keep beside what we count, as whoever watches it says. */
export interface Alarm {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  /** In the words of whoever watches it; may be empty. */
  readonly reason: string;
}
