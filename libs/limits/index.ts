export { LimitErrors } from './limit.errors.js';
export { LimitCounters } from './limit-counters.js';
export { Limiter, type Limited } from './limiter.js';
export { ApiLimits, LimitsField, parseLimits, toLimitsDto, type LimitsDto } from './limits.dto.js';
export { limitsHook } from './limits-hook.js';
export { LimitsModule } from './limits.module.js';
export { routeClassOf } from './route-class.js';
