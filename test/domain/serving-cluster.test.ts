import { expect, test } from 'vitest';
import { settingsOfRoute } from '../../src/activities/route-settings.js';
import { canonicalJson } from '../../src/domain/digest.js';
import { ServingSpec } from '../../src/domain/serving-spec.js';

test('a spec of before is written as before: its digest is the same', () => {
  expect(canonicalJson(ServingSpec.parse({}))).toBe(
    '{"concurrentRequestsMax":1024,"kind":"embedded","onHandEdit":"repair","outlier":{"consecutiveErrors":5,"ejectSeconds":10},"readySecondsMax":60,"replicas":1,"rowsMax":1000,"timeoutMs":2000}',
  );
});

test('kind: local is this machine, as no block is', () => {
  expect(settingsOfRoute(ServingSpec.parse({ cluster: { kind: 'local' } }))).toEqual(settingsOfRoute(ServingSpec.parse({})));
});
