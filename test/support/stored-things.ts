import { expect } from '@jest/globals';

import { eventually } from './eventually.js';
import { countRows, untilFiles } from './gateway-inside.js';
import type { PropertyGateway } from './property-gateway.js';

/**
 * The gateway's one tenant has so many sources, each with its one file, and nothing else: no upload that was left
 * open, no unfinished file. Waits for what is removed in the background.
 */
export async function expectSourcesOnly(gateway: PropertyGateway, count: number): Promise<void> {
  const { dataDir } = gateway.gateway;
  await untilFiles(dataDir, gateway.tenant.editor, count);
  const rows = (table: string): Promise<number> => countRows(dataDir, table, gateway.tenant.id);
  await eventually('no upload under way', async () => (await rows('uploads')) === 0);
  expect(await rows('sources')).toBe(count);
}
