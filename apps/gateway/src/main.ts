import './first-tick.js';

const { Gatehold } = await import('./gatehold.js');
await Gatehold.forRoot().run();
