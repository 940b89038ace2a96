/**
 * Preloaded into a gateway's process (`node --import`): writes down every route that is registered with its server, by
 * whomever, into the file that GATEHOLD_TEST_ROUTES names, when the process ends.
 */
import { subscribe } from 'node:diagnostics_channel';
import { writeFileSync } from 'node:fs';

const routes = [];

subscribe('fastify.initialization', ({ fastify }) => {
  fastify.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat())
      routes.push({
        method: one,
        path: url,
        access: config?.operation?.access ?? null,
        audit: config?.operation?.audit === undefined ? 'undeclared' : config.operation.audit,
      });
  });
});

process.on('exit', () => writeFileSync(process.env.GATEHOLD_TEST_ROUTES, JSON.stringify(routes)));
