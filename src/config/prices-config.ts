import { join } from 'node:path';
import { Prices } from '../domain/prices.js';
import { readYaml } from './read-yaml.js';

/** RATCHET_PRICES_FILE, else prices.yaml in the home; null: there is no such file. @throws {Error} as readYaml */
export function readPrices(home: string, environment: NodeJS.ProcessEnv): Prices | null {
  return readYaml(environment['RATCHET_PRICES_FILE'] || join(home, 'prices.yaml'), Prices);
}
