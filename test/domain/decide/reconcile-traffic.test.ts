import { expect, test } from 'vitest';
import { reconcileTraffic } from '../../../src/domain/decide/reconcile-traffic.js';
import { splitOfChampion } from '../../../src/domain/decide/traffic-splits.js';
import type { LedgerState } from '../../../src/domain/ledger.js';
import { routeOf } from '../../contracts/traffic-router.js';

const version = { cycle: 3, version: 'm-3' };
const state = { champion: version, previousChampion: null } as unknown as LedgerState;
const asked = routeOf('m', 7, [['champion', 'm-3', 100]]);
const other = splitOfChampion('m-1');
const compare = (reading: Omit<NonNullable<Parameters<typeof reconcileTraffic>[1]>, 'asked'>) =>
  reconcileTraffic(state, { asked, ...reading }, (cycle) => `m-${cycle}`);

test.for<[string, Parameters<typeof compare>[0], object]>([
  ['what was asked for is in force', { inForce: splitOfChampion('m-3') }, { kind: 'none' }],
  ['something else is: a hand', { inForce: other }, { kind: 'repair', byHand: true }],
  ['it is on its way', { inForce: other, isSettling: true }, { kind: 'none' }],
  ['what was asked for before still is: nobody’s hand', { inForce: other, before: other }, { kind: 'repair', byHand: false }],
  ['a third one is', { inForce: splitOfChampion('m-2'), before: other }, { kind: 'repair', byHand: true }],
  ['the proxy knows nothing', { inForce: null }, { kind: 'repair', byHand: false }],
])('%s', ([, reading, expected]) => expect(compare(reading)).toMatchObject(expected));
