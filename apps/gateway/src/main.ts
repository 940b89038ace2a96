import { Gatehold } from './gatehold.js';

await Gatehold.forRoot().run();
