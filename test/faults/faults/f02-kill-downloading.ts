import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

import type { Fault, Strike } from './fault.js';
import { putBig } from './big-source.js';

const DOWNLOADS = 3;
const TRIES = 3;

/** A gateway is killed while clients read from it: they must see that what they have is not all. */
export const killDownloading: Fault = {
  id: 'F2',
  name: 'kill -9 of a gateway in the midst of downloads',
  async strike(strike) {
    for (let count = TRIES; count > 0; count -= 1) if (await killWhileReading(strike)) return;
  },
};

/** False when the source could not be written or read, as while its owner is suspended: then nothing was tried out. */
async function killWhileReading(strike: Strike): Promise<boolean> {
  const big = await putBig(strike);
  if (big === null) return false;
  const gateway = strike.choices.pick(strike.world.gateways);
  const answers = await Promise.all(
    Array.from({ length: DOWNLOADS }, () => begin(`${gateway.directUrl}${big.path}`, big.headers)),
  );
  const downloads = answers.filter(({ statusCode, headers }) => {
    return statusCode === 200 && headers['content-length'] === String(big.sizeBytes);
  });
  await strike.wait(50, 400);
  if (downloads.length > 0) strike.hit();
  await gateway.kill();
  for (const download of downloads) await expectBroken(strike, download);
  await gateway.start();
  await big.remove();
  return downloads.length > 0;
}

/** Resolves with an answer that nobody reads on. */
async function begin(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const outgoing = request(url, { headers, agent: false }).end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  incoming.on('error', () => undefined);
  return incoming;
}

async function expectBroken(strike: Strike, download: IncomingMessage): Promise<void> {
  download.resume();
  await new Promise<void>((resolve) => void download.once('close', resolve));
  strike.checked('I2');
  if (download.complete)
    await strike.violate('I2', 'a download whose gateway was killed ended as if it were whole');
}
