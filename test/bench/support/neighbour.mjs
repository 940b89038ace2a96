/**
 * A tenant that asks far more than it may, in a process of its own.
 *
 *   node neighbour.mjs '{"url", "path", "token", "perSecond", "connections"}'
 *
 * Goes on until it is told to stop by SIGTERM, then writes one line of JSON: `{answered, refused, failed}`, where refused
 * are answers with 429 and failed is all else that is no success.
 */
import autocannon from 'autocannon';

const { url, path, token, perSecond, connections } = JSON.parse(process.argv[2]);
const running = autocannon({
  url: `${url}${path}`,
  connections,
  overallRate: perSecond,
  duration: 3_600,
  headers: { authorization: `Bearer ${token}` },
});
process.once('SIGTERM', () => running.stop());
const { '2xx': answered, statusCodeStats, non2xx, errors } = await running;
const refused = statusCodeStats['429']?.count ?? 0;
process.stdout.write(`${JSON.stringify({ answered, refused, failed: non2xx - refused + errors })}\n`);
